/** `mooring rollback`: another commit is deployed until the source has a newer one than the skipped. */
import { type ApplicationStatus, annotations } from "../../model/application.ts";
import type { KubeObject } from "../../model/object.ts";
import { commitOf, specOf, statusOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Named, named } from "../access/names.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Surroundings } from "../verb.ts";
import { type DryRunFlags, timeoutOf, type WaitFlags } from "./flags.ts";
import { commitToRollBackTo } from "./history.ts";
import { tellOutcome } from "./outcome.ts";
import { endOf } from "./until.ts";
import { standingOf, untilApplication } from "./waiting.ts";

export interface RollbackFlags extends DryRunFlags, WaitFlags {
  until?: string;
  end?: true;
}

/** As the first ten characters are enough to be read. Anybody may have written the annotation. */
const short = (commit: string) => neutralLine(commit).slice(0, 10);

/** @returns the exit code: 0 when it is Ready at the revision that was asked for */
export async function rollback(
  cluster: Cluster,
  given: string,
  revision: string | undefined,
  flags: RollbackFlags,
  surroundings: Surroundings,
): Promise<number> {
  timeoutOf(flags);
  const app = named(given, cluster.namespace);
  const object = await cluster.applications.get(app.namespace, app.name);
  if (flags.end) {
    if (revision !== undefined || flags.until !== undefined) {
      throw new Error("--end takes neither a revision nor --until");
    }
    return end(cluster, app, object, flags, surroundings);
  }
  return begin(cluster, app, object, revision, flags, surroundings);
}

async function begin(
  { applications }: Cluster,
  app: Named,
  object: KubeObject,
  revision: string | undefined,
  flags: RollbackFlags,
  { terminal, signal, now }: Surroundings,
): Promise<number> {
  const who = `${app.namespace}/${app.name}`;
  refuseIdle(object, app, flags);
  const status = statusOf(object);
  const skip = skippedIn(status);
  // A second rollback goes further back than the first.
  const left = [skip, status.rollback?.to].filter((commit) => commit !== undefined);
  const to = commitToRollBackTo(status.history ?? [], revision, left);
  if (to === skip) throw new Error(`${who} is at ${short(to)} already`);
  const until = flags.until === undefined ? undefined : endOf(flags.until, now());
  await applications.patch(
    app.namespace,
    app.name,
    {
      metadata: {
        annotations: {
          [annotations.rollbackTo]: to,
          [annotations.rollbackSkip]: skip ?? null,
          [annotations.rollbackUntil]: until ?? null,
        },
      },
    },
    { dryRun: flags.dryRun !== undefined },
  );
  const from = skip === undefined ? "" : ` from ${short(skip)}`;
  const ends = `until ${until === undefined ? "" : `${until}, or `}the source has a newer commit`;
  const how = flags.dryRun === undefined ? "" : " (server dry run)";
  terminal.write(`${who} is to go back${from} to ${short(to)}, ${ends}${how}\n`);
  if (flags.dryRun !== undefined) return 0;
  if (!flags.wait) {
    terminal.note(`see: mooring get ${app.name} -n ${app.namespace} --watch`);
    return 0;
  }
  const waited = await untilApplication(
    applications,
    app,
    (seen) => isOver(seen, to) || (isPinned(seen, to) && standingOf(seen) !== "under way"),
    { timeoutMs: timeoutOf(flags), signal, terminal },
  );
  if (isOver(waited.object, to)) {
    throw new Error(
      `${who}: the rollback ended before it began, for its source has a newer commit, or somebody ended it: see mooring events ${app.name} -n ${app.namespace}`,
    );
  }
  const code = tellOutcome(waited, app, terminal);
  terminal.note(
    `Git still says otherwise: revert it there, or end this with mooring rollback ${app.name} -n ${app.namespace} --end`,
  );
  return code;
}

async function end(
  { applications }: Cluster,
  app: Named,
  object: KubeObject,
  flags: RollbackFlags,
  { terminal, signal }: Surroundings,
): Promise<number> {
  const who = `${app.namespace}/${app.name}`;
  const pinned = object.metadata.annotations?.[annotations.rollbackTo];
  if (pinned === undefined && statusOf(object).rollback === undefined) {
    terminal.write(`${who} is not rolled back\n`);
    return 0;
  }
  const names = [annotations.rollbackTo, annotations.rollbackSkip, annotations.rollbackUntil];
  const gone = Object.fromEntries(names.map((name) => [name, null]));
  await applications.patch(
    app.namespace,
    app.name,
    { metadata: { annotations: gone } },
    { dryRun: flags.dryRun !== undefined },
  );
  const how = flags.dryRun === undefined ? "" : " (server dry run)";
  terminal.write(`${who} follows its source again, no longer ${short(pinned ?? "")}${how}\n`);
  if (flags.dryRun !== undefined || !flags.wait || specOf(object).suspend === true) return 0;
  const waited = await untilApplication(
    applications,
    app,
    (seen) => statusOf(seen).rollback === undefined && standingOf(seen) !== "under way",
    { timeoutMs: timeoutOf(flags), signal, terminal },
  );
  return tellOutcome(waited, app, terminal);
}

/** Where nothing would come of it. */
function refuseIdle(object: KubeObject, app: Named, { wait, dryRun }: RollbackFlags): void {
  const who = `${app.namespace}/${app.name}`;
  const { suspend, mode } = specOf(object);
  if (mode !== "enforce") {
    throw new Error(
      `${who} is in mode ${mode ?? "warn"}: nothing is deployed, so nothing goes back`,
    );
  }
  if (suspend === true && wait && dryRun === undefined) {
    throw new Error(
      `${who} is suspended, and does nothing: mooring resume ${app.name} -n ${app.namespace}, or --no-wait to have it go back then`,
    );
  }
}

/** The commit that the ref is at, as far as the controller has seen. */
function skippedIn(status: ApplicationStatus): string | undefined {
  const { rollback, attemptedRevision } = status;
  if (rollback !== undefined) return rollback.skipped;
  return attemptedRevision === undefined ? undefined : commitOf(attemptedRevision);
}

function isPinned(object: KubeObject, to: string): boolean {
  const { rollback, attemptedRevision = "" } = statusOf(object);
  return rollback?.to === to && commitOf(attemptedRevision) === to;
}

function isOver(object: KubeObject, to: string): boolean {
  return (
    object.metadata.annotations?.[annotations.rollbackTo] !== to &&
    statusOf(object).rollback?.to !== to
  );
}
