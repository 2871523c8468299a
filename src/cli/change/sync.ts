/** `mooring sync`: the source is looked at now, and what it has is deployed. */
import { annotations } from "../../model/application.ts";
import { conditionOf, specOf, statusOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Named, named } from "../access/names.ts";
import type { Surroundings } from "../verb.ts";
import { type DryRunFlags, timeoutOf, type WaitFlags } from "./flags.ts";
import { tellOutcome } from "./outcome.ts";
import { standingOf, untilApplication, type WaitOptions } from "./waiting.ts";

/** @returns the exit code: 0 when all of them are Ready in the end */
export async function sync(
  cluster: Cluster,
  names: readonly string[],
  flags: DryRunFlags & WaitFlags,
  { terminal, signal, now }: Surroundings,
): Promise<number> {
  const timeoutMs = timeoutOf(flags);
  const apps = names.map((name) => named(name, cluster.namespace));
  const asked: { app: Named; token: string }[] = [];
  for (const app of apps) {
    const token = await ask(cluster, app, flags, now());
    const how = flags.dryRun === undefined ? "" : " (server dry run)";
    terminal.write(`${app.namespace}/${app.name} asked to look at its source${how}\n`);
    asked.push({ app, token });
  }
  if (flags.dryRun !== undefined) return 0;
  if (!flags.wait) {
    terminal.note(`see: mooring get ${names.join(" ")} -n ${cluster.namespace} --watch`);
    return 0;
  }
  let code = 0;
  for (const { app, token } of asked) {
    code = Math.max(code, await outcome(cluster, app, token, { timeoutMs, signal, terminal }));
  }
  return code;
}

/** @returns the value that its status answers with */
async function ask(
  { applications }: Cluster,
  { namespace, name }: Named,
  { dryRun }: DryRunFlags,
  now: Date,
): Promise<string> {
  const object = await applications.get(namespace, name);
  if (specOf(object).suspend === true) {
    throw new Error(
      `${namespace}/${name} is suspended, and does nothing: mooring resume ${name} -n ${namespace}`,
    );
  }
  const before = object.metadata.annotations?.[annotations.refresh];
  const time = now.toISOString();
  const token = time === before ? `${time}-1` : time;
  const patch = { metadata: { annotations: { [annotations.refresh]: token } } };
  await applications.patch(namespace, name, patch, { dryRun: dryRun !== undefined });
  return token;
}

async function outcome(
  { applications }: Cluster,
  app: Named,
  token: string,
  options: WaitOptions,
): Promise<number> {
  const isAnswered = (object: Parameters<typeof statusOf>[0]) =>
    // Somebody may have asked anew meanwhile: that answers this one, too.
    statusOf(object).lastHandledRefresh === token ||
    (object.metadata.annotations?.[annotations.refresh] !== token &&
      statusOf(object).lastHandledRefresh === object.metadata.annotations?.[annotations.refresh]);
  const waited = await untilApplication(
    applications,
    app,
    (object) => isAnswered(object) && standingOf(object) !== "under way",
    options,
  );
  if (waited.state === "timeout" && !isAnswered(waited.object)) {
    const { message = "" } = conditionOf(waited.object, "Reconciling") ?? {};
    const doing = message === "" ? "" : ` (${message})`;
    throw new Error(
      `${app.namespace}/${app.name}: no answer within the timeout${doing}: is the controller running? See mooring check`,
    );
  }
  return tellOutcome(waited, app, options.terminal);
}
