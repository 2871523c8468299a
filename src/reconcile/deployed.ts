/**
 * What is deployed, when nothing newer can be had and a restart has made us forget it: the
 * revision that status names is rendered once more, and what provably is of it is held to it.
 */
import { apiProblem } from "../cluster/api-problem.ts";
import type { ObjectReport } from "../model/report.ts";
import type { Target } from "../plan/targets.ts";
import { renamed } from "../source/snapshot.ts";
import { resolveDesired } from "./desired.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState, Desired } from "./state.ts";

/** After a failure that may pass. */
const pauseMs = 30_000;

/** @returns pending: it is under way, and the application is queued again when it has ended */
export async function restoreDeployed(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<"restored" | "pending" | "none"> {
  const revision = state.written.revision ?? "";
  const [, commit] = /\bsha1:([0-9a-f]{40})$/.exec(revision) ?? [];
  if (commit === undefined || state.source === undefined) return "none";
  try {
    const look = state.source.commit("deployed", commit).current();
    if (look.state === "pending") return "pending";
    if (look.state === "failed") return "none";
    const snapshot = async () => renamed(await look.snapshot(), revision);
    const named = { commit, revision, snapshot };
    const desired = await resolveDesired(state, named, env, signal, state.restoring);
    if (desired === undefined) return "pending";
    state.takeDesired({ ...desired, proven: new Set() });
    state.source.forget("deployed");
    env.log.info(
      { app: state.key, revision },
      "what is deployed is held to the revision of status",
    );
    return "restored";
  } catch (error) {
    const problem = apiProblem(error);
    if (problem.code === "Fenced" || signal.aborted) throw error;
    env.log.warn({ app: state.key, revision, err: problem }, "what is deployed cannot be rendered");
    if (problem.retry !== "terminal") env.laterWhole(state, pauseMs);
    return "none";
  }
}

/**
 * Of a restored revision only those objects are held to it that carry, or have carried since, the
 * hash that it gives them: any other may be of a revision that was begun later.
 */
export function isProvenOf(
  { proven }: Desired,
  target: Target,
  { live }: Pick<Environment, "live">,
): boolean {
  if (proven === undefined || proven.has(target.key)) return true;
  if (live.get(target.ref)?.appliedHash !== target.hash) return false;
  proven.add(target.key);
  return true;
}

/** What is said of an object that is let alone for that reason. */
export function unproven(
  { ref }: Target,
  { revision }: Desired,
  env: Pick<Environment, "live">,
): ObjectReport {
  const live = env.live.get(ref);
  return {
    ref,
    outcome: "not-attempted",
    note: `left alone: nothing proves that it is of ${revision}, and no newer revision can be had`,
    health: live?.health ?? { state: "Missing", message: "not in the cluster" },
  };
}
