/** What a request is about, read from its path: for metrics, errors, and what must be redacted. */

export interface RequestSubject {
  /** As RBAC and the audit log say it; server-side apply is `apply` here, though RBAC calls it `patch`. */
  verb: string;
  group: string;
  /** The plural, with its subresource: `deployments`, `deployments/scale`; empty for discovery and health paths. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

/**
 * @param path without the query
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
export function subjectOf(
  method: string,
  path: string,
  options: { watch?: boolean; apply?: boolean } = {},
): RequestSubject {
  const parts = path.split("/").filter((part) => part !== "");
  const root = parts.shift();
  let group = "";
  let rest: string[] = [];
  if (root === "api") rest = parts.slice(1);
  else if (root === "apis") {
    group = parts[0] ?? "";
    rest = parts.slice(2);
  }
  let namespace: string | undefined;
  // `namespaces/x` alone is the Namespace itself; its subresources are two.
  const own = rest[2] === "status" || rest[2] === "finalize";
  if (rest[0] === "namespaces" && rest.length > 2 && !own) {
    namespace = decode(rest[1]);
    rest = rest.slice(2);
  }
  const [plural = "", rawName, subresource] = rest;
  const name = decode(rawName);
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  return { verb: verbOf(method, name !== undefined, options), group, resource, namespace, name };
}

function verbOf(
  method: string,
  named: boolean,
  { watch = false, apply = false }: { watch?: boolean; apply?: boolean },
): string {
  switch (method) {
    case "GET":
      return watch ? "watch" : named ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return apply ? "apply" : "patch";
    case "DELETE":
      return "delete";
    default:
      return method.toLowerCase();
  }
}

function decode(part: string | undefined): string | undefined {
  return part === undefined ? undefined : decodeURIComponent(part);
}
