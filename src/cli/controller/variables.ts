/** Our environment variables: those that nobody knows are a mistake, not a silence. */

export const prefix = "MOORING_";

/**
 * Kubernetes sets such variables in every pod for the Services of its namespace, ours among
 * them: `MOORING_SERVICE_HOST`, `MOORING_METRICS_PORT_8080_TCP_ADDR`.
 */
const serviceLink =
  /_SERVICE_(HOST|PORT(_.*)?)$|^MOORING(_.*)?_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** One sentence for each variable of ours that is not known. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !known.includes(name) && !serviceLink.test(name))
    .sort()
    .map(
      (name) => `${name}: unknown variable; \`mooring controller --help\` lists those there are`,
    );
}
