/** Prune: only after a complete run over completely known live objects (invariants 1 to 3). */
import type { ApplyContext } from "../apply/context.ts";
import { prune } from "../apply/prune.ts";
import { type Application, annotations } from "../model/application.ts";
import { type ObjectRef, refKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { ObjectReport } from "../model/report.ts";
import { guardPrune, isProven, pruneCandidates } from "../plan/prune.ts";
import type { Environment } from "./environment.ts";
import { handOverMoved, movePauseMs } from "./moves.ts";
import { recordReports } from "./outcome.ts";
import { members, narrowRecord, pruneKnowledge } from "./record.ts";
import type { ApplicationState, Desired } from "./state.ts";

const waitsForPeers =
  "waits until the other applications of its repository have read the revision: one of them may want it";

/** Deletes what the source no longer has, if everything else went well and the guard agrees. */
export async function pruneRemoved(
  state: ApplicationState,
  desired: Desired,
  context: ApplyContext,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const { application } = state;
  const wanted = new Set([
    ...desired.targets.keys(),
    ...desired.others.map((other) => refKey(other.ref)),
  ]);
  for (const key of [...state.reports.keys()])
    if (!wanted.has(key)) {
      state.reports.delete(key);
      state.baselines.delete(key);
    }
  const heldBefore = state.held?.hash;
  state.held = undefined;
  const incomplete = [...state.reports.values()].find((report) => isIncomplete(report));
  const unknown = await pruneKnowledge(state, env, signal);
  const owned = members(state, env);
  const removed = pruneCandidates(owned, wanted, state.ownership);
  if (removed.length === 0) {
    if (incomplete === undefined && unknown === undefined) await narrowRecord(state, env, signal);
    return;
  }
  const candidates =
    application.spec.mode === "enforce"
      ? await handOverMoved(removed, state, context, env)
      : removed;
  if (candidates === undefined) {
    // Not gone, so not Synced: whoever waits for this revision waits for that, too.
    for (const { ref, health } of removed)
      state.reports.set(refKey(ref), { ref, outcome: "pruning", note: waitsForPeers, health });
    env.laterWhole(state, movePauseMs);
    return;
  }
  if (candidates.length === 0) return;
  const veto = vetoOf(application, incomplete, unknown);
  if (veto !== undefined) {
    for (const { ref, health } of candidates)
      state.reports.set(refKey(ref), { ref, outcome: "held", problem: veto(ref), health });
    return;
  }
  const approved = application.annotations[annotations.approvePrune];
  const proven = owned.filter((live) => isProven(live, state.ownership));
  state.held = guardPrune(candidates, proven, wanted.size, env.config.pruneGuard, approved);
  if (state.held !== undefined) {
    const problem = new Problem(
      "PruneHeld",
      `not deleted: ${state.held.reason}; approve with ${annotations.approvePrune}: "${state.held.hash}"`,
    );
    if (state.held.hash !== heldBefore)
      env.log.warn(
        {
          app: state.key,
          hash: state.held.hash,
          objects: candidates.map(({ ref }) => refKey(ref)),
        },
        `prune held: ${state.held.reason}`,
      );
    for (const live of candidates)
      state.reports.set(refKey(live.ref), {
        ref: live.ref,
        outcome: "held",
        problem,
        health: live.health,
      });
    return;
  }
  const reports = await prune(candidates, context);
  recordReports(state, reports, new Map(), env);
  state.gone = reports.filter(({ outcome }) => outcome === "pruned" || outcome === "orphaned");
  for (const { ref } of state.gone) state.reports.delete(refKey(ref));
  if (state.gone.length === reports.length) await narrowRecord(state, env, signal);
}

export function isIncomplete(report: ObjectReport): boolean {
  return ["failed", "refused", "deferred", "not-attempted"].includes(report.outcome);
}

/** Why nothing is pruned now, to be said of each object that would be. */
function vetoOf(
  application: Application,
  incomplete: ObjectReport | undefined,
  unknown: Problem | undefined,
): ((object: ObjectRef) => Problem) | undefined {
  const { mode, prune } = application.spec;
  if (mode !== "enforce" || !prune)
    return (object) => new Problem("Extraneous", "it was removed from the source", { object });
  if (unknown !== undefined)
    return (object) =>
      new Problem("LiveUnknown", `removed from the source, not pruned: ${unknown.message}`, {
        object,
      });
  if (incomplete === undefined) return undefined;
  const waitsFor = refKey(incomplete.ref);
  return (object) =>
    new Problem("PruneWaits", `removed from the source, not pruned until ${waitsFor} is applied`, {
      object,
    });
}

/** Between whole runs: an object that was being deleted is gone now. */
export async function dropGone(
  state: ApplicationState,
  desired: Desired,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  let any = false;
  for (const [key, report] of state.reports) {
    if (
      report.outcome !== "pruning" ||
      desired.targets.has(key) ||
      env.live.get(report.ref) !== undefined
    )
      continue;
    state.reports.delete(key);
    const gone: ObjectReport = { ref: report.ref, outcome: "pruned" };
    state.gone.push(gone);
    env.metrics.observeReport(state.application, {
      revision: desired.revision,
      objects: [gone],
    });
    any = true;
  }
  if (any) await narrowRecord(state, env, signal);
}
