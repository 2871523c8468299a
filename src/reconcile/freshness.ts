/** How current what a status says is: what the alert on stale applications goes by. */
import type { WorkQueue } from "./queue.ts";
import type { Shards } from "./shards.ts";
import type { ApplicationState } from "./state.ts";

/**
 * For each application that this replica keeps, suspended ones aside: when what its status says was
 * last known to be so (monotonic, milliseconds). At rest that is the last look at its source, for
 * nothing else can have changed unheard; with work to do, the end of the last run.
 */
export function* freshness(
  applications: Iterable<ApplicationState>,
  queue: Pick<WorkQueue, "isDue">,
  shards: Pick<Shards, "mayWrite">,
  now: number,
): Iterable<{ state: ApplicationState; at: number }> {
  for (const state of applications) {
    if (state.application.spec.suspend || state.reconciledAt === undefined) continue;
    if (!shards.mayWrite(state.key)) continue;
    const isAtRest = state.isSettled && !queue.isDue(state.key);
    const looked = state.source === undefined ? now : state.source.tracking.lookedAt();
    yield { state, at: Math.max(state.reconciledAt, isAtRest ? (looked ?? 0) : 0) };
  }
}
