/** `mooring approve`: a prune that the guard holds goes on, exactly the one that was shown. */
import { isStale } from "../../cluster/api-error.ts";
import { type ApplicationStatus, annotations } from "../../model/application.ts";
import { type KubeObject, refKey } from "../../model/object.ts";
import { redactText } from "../../status/redaction.ts";
import { statusOf } from "../access/application.ts";
import { ApplicationNotFound } from "../access/applications.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Named, named } from "../access/names.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Surroundings } from "../verb.ts";
import { canAsk, confirmed } from "./confirm.ts";
import { type DryRunFlags, timeoutOf, type WaitFlags } from "./flags.ts";
import { plural, tellOutcome } from "./outcome.ts";
import { standingOf, untilApplication } from "./waiting.ts";

export interface ApproveFlags extends DryRunFlags, WaitFlags {
  hash?: string;
  yes?: true;
}

type Held = NonNullable<ApplicationStatus["heldPrune"]>;

/** The status of an Application is written often; its held prune seldom. */
const attempts = 5;

/** @returns the exit code: 0 when what was shown is deleted and the Application Ready */
export async function approve(
  cluster: Cluster,
  given: string,
  flags: ApproveFlags,
  surroundings: Surroundings,
): Promise<number> {
  timeoutOf(flags);
  const { terminal } = surroundings;
  const app = named(given, cluster.namespace);
  const who = `${app.namespace}/${app.name}`;
  const object = await cluster.applications.get(app.namespace, app.name);
  const held = statusOf(object).heldPrune;
  if (held === undefined) throw new Error(`${who} holds no prune: there is nothing to approve`);
  if (flags.hash !== undefined && flags.hash !== held.hash) throw changed(who, flags.hash, held);
  terminal.write(shown(who, held));
  if (!(await agreed(held, flags, surroundings))) {
    terminal.note("not approved: nothing was changed");
    return 1;
  }
  await write(cluster, app, object, held, flags);
  const how = flags.dryRun === undefined ? "" : " (server dry run)";
  terminal.write(`${who}: approved ${held.hash}${how}\n`);
  if (flags.dryRun !== undefined || !flags.wait) return 0;
  return outcome(cluster, app, held, flags, surroundings);
}

function shown(who: string, { hash, reason, count, objects }: Held): string {
  const lines = objects.map((ref) => `  ${neutralLine(refKey(asRef(ref)))}\n`).join("");
  const more = count > objects.length ? `  and ${count - objects.length} more\n` : "";
  return `${who} would delete ${plural(count)} (${hash}), held for ${neutralLine(redactText(reason))}:\n${lines}${more}`;
}

function asRef({ group, kind, namespace, name }: Held["objects"][number]) {
  return { group, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

async function agreed(
  { count, hash }: Held,
  { yes, hash: given, dryRun }: ApproveFlags,
  { input, terminal }: Surroundings,
): Promise<boolean> {
  if (yes || dryRun !== undefined) return true;
  if (!canAsk(input)) {
    throw new Error(
      `nobody can be asked here: add --yes${given === undefined ? `, and --hash ${hash} so that no other set is meant` : ""}`,
    );
  }
  return confirmed(`Delete ${count === 1 ? "it" : `these ${count}`}?`, input, terminal.note);
}

/** Over exactly the version that was shown; a newer one must hold the same prune. */
async function write(
  { applications }: Cluster,
  { namespace, name }: Named,
  shownObject: KubeObject,
  held: Held,
  { dryRun }: ApproveFlags,
): Promise<void> {
  let { resourceVersion } = shownObject.metadata;
  for (let attempt = 1; ; attempt++) {
    const patch = {
      metadata: { resourceVersion, annotations: { [annotations.approvePrune]: held.hash } },
    };
    try {
      await applications.patch(namespace, name, patch, { dryRun: dryRun !== undefined });
      return;
    } catch (error) {
      if (!isStale(error) || attempt === attempts) throw error;
      const current = await applications.get(namespace, name);
      const now = statusOf(current).heldPrune;
      if (now?.hash !== held.hash) throw changed(`${namespace}/${name}`, held.hash, now);
      resourceVersion = current.metadata.resourceVersion;
    }
  }
}

function changed(who: string, hash: string, now: Held | undefined): Error {
  const instead =
    now === undefined
      ? "it holds none any more"
      : `it now holds ${plural(now.count)} (${now.hash})`;
  return new Error(`${who} does not hold the prune ${hash}: ${instead}; nothing was approved`);
}

async function outcome(
  { applications }: Cluster,
  app: Named,
  held: Held,
  flags: ApproveFlags,
  { terminal, signal }: Surroundings,
): Promise<number> {
  try {
    const waited = await untilApplication(
      applications,
      app,
      (seen) => statusOf(seen).heldPrune?.hash !== held.hash && standingOf(seen) !== "under way",
      { timeoutMs: timeoutOf(flags), signal, terminal },
    );
    return tellOutcome(waited, app, terminal);
  } catch (error) {
    // What was held may have been the deletion of the Application itself.
    if (!(error instanceof ApplicationNotFound)) throw error;
    terminal.write(`${app.namespace}/${app.name} is gone, and its objects with it\n`);
    return 0;
  }
}
