/** status.history: which revisions were deployed, when, and what became of them. */
import type { ApplicationStatus } from "../model/application.ts";
import { boundText } from "./bound.ts";
import type { Case } from "./situation.ts";

type Entry = NonNullable<ApplicationStatus["history"]>[number];

export interface Progress {
  /** All applies of the run's revision succeeded. */
  applied: boolean;
  /** Some object of the run's revision will not be applied until somebody does something. */
  stuck: boolean;
  /** RFC 3339 in seconds, as all of status. */
  time: string;
}

/**
 * The history after a run, the newest first. An entry is
 * - Deployed when all of the revision was applied
 * - Healthy once it was healthy at that revision; that stays
 * - Failed when it degraded before it ever was healthy, or could not be applied in full; it
 *   becomes Healthy should it recover before a newer one comes
 * - Superseded when a newer one was deployed before it was healthy
 * Only `enforce` deploys. The same revision again adds nothing.
 */
export function nextHistory(
  { input, situation, assessment, previous }: Case,
  progress: Progress,
): Entry[] {
  const { application, commit } = input;
  const history = previous.history ?? [];
  const limit = application.spec.historyLimit;
  if (situation.kind !== "reported" || application.spec.mode !== "enforce" || commit === undefined)
    return history.slice(0, limit);
  const { revision } = situation.report;
  const [head, ...older] = history;
  if (!progress.applied && !progress.stuck) return history.slice(0, limit);

  const known = head?.revision === revision ? head : undefined;
  const earlier = known === undefined ? history : older;
  const entry: Entry = known ?? {
    revision,
    author: boundText(commit.author, 128),
    message: boundText(commit.subject, 256),
    committedAt: commit.time,
    deployedAt: progress.time,
    result: progress.applied ? "Deployed" : "Failed",
  };
  const firstComplete =
    known?.result === "Failed" && progress.applied && previous.revision !== revision;
  const deployed: Entry = firstComplete
    ? { ...entry, deployedAt: progress.time, result: "Deployed" }
    : entry;
  const judged = progress.applied ? judge(deployed, assessment?.health, progress.time) : deployed;
  const superseded = known === undefined ? earlier.map(supersede) : earlier;
  return [judged, ...superseded].slice(0, limit);
}

function judge(entry: Entry, health: string | undefined, time: string): Entry {
  if (entry.healthyAt !== undefined) return entry;
  if (health === "Healthy") return { ...entry, healthyAt: time, result: "Healthy" };
  if (health === "Degraded") return { ...entry, result: "Failed" };
  return entry;
}

function supersede(entry: Entry): Entry {
  return entry.result === "Deployed" ? { ...entry, result: "Superseded" } : entry;
}
