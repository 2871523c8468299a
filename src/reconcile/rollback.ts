/**
 * Rollbacks: while the ref is at the commit that is skipped, another one is deployed. The
 * annotations and status.rollback are all that is known of it, so that a restart changes nothing.
 */
import { type RollbackRequest, rollbackOf } from "../dialect/mooring/rollback.ts";
import { annotations, type Rollback } from "../model/application.ts";
import { Problem } from "../model/problem.ts";
import { timestamp } from "../model/time.ts";
import type { Known, SourceState } from "../source/tracking.ts";
import type { Environment } from "./environment.ts";
import { forgetRollback, recordRollback } from "./rollback-record.ts";
import type { ApplicationState } from "./state.ts";

export type Decision =
  | { state: "none" }
  | { state: "pinned"; rollback: Rollback }
  | { state: "ended"; why: string };

/**
 * @param recorded what the status says of it
 * @param head the commit that the ref is at
 */
export function decideRollback(
  request: RollbackRequest | undefined,
  recorded: Rollback | undefined,
  head: string,
  now: Date,
): Decision {
  if (request === undefined)
    return recorded === undefined
      ? { state: "none" }
      : { state: "ended", why: `the annotation ${annotations.rollbackTo} was removed` };
  const { to, until } = request;
  const known = recorded?.to === to ? recorded : undefined;
  const skipped = request.skip ?? known?.skipped ?? head;
  if (until !== undefined && until <= now)
    return { state: "ended", why: `${timestamp(until)} has passed` };
  if (head !== skipped)
    return { state: "ended", why: `the source is at ${head}, no longer at ${skipped}` };
  const since = known?.skipped === skipped ? known.since : timestamp(now);
  const end = until === undefined ? {} : { until: timestamp(until) };
  return { state: "pinned", rollback: { to, skipped, since, ...end } };
}

/**
 * What is to be deployed: what the ref is at, or the commit of a rollback.
 * @throws Problem InvalidSpec when an annotation cannot be understood
 */
export async function aimOf(
  state: ApplicationState,
  head: Known,
  env: Environment,
  signal: AbortSignal,
): Promise<SourceState> {
  const request = rollbackOf(state.application.annotations);
  if (request !== undefined && lookFirst(state, request, env)) return { state: "pending" };
  const decision = decideRollback(request, state.rollback, head.commit, env.now());
  switch (decision.state) {
    case "none":
      state.rollbackLook = undefined;
      break;
    case "ended": {
      const { to = "" } = state.rollback ?? request ?? {};
      await forgetRollback(state, env, signal);
      state.rollbackEnd = { to, unmade: state.rollback === undefined, why: decision.why };
      env.log.info({ app: state.key, to, why: decision.why }, "rollback ended");
      state.rollback = undefined;
      state.rollbackLook = undefined;
      state.source?.forget("rollback");
      break;
    }
    case "pinned": {
      const { rollback } = decision;
      if (state.rollback?.to !== rollback.to)
        env.log.info({ app: state.key, ...rollback }, "rollback");
      state.rollback = rollback;
      // What it skips is not to be found out again after a push: known before the first write.
      if (request?.skip === undefined) await recordRollback(state, rollback, env, signal);
      return state.source?.commit("rollback", rollback.to).current() ?? { state: "pending" };
    }
  }
  return { state: "known", ...head };
}

/** Is what the application is held to what its source, and its rollback, ask for now? */
export function isCurrent(state: ApplicationState, now: Date): boolean {
  const { application, desired, rollback, source } = state;
  const look = source?.tracking.current();
  if (look?.state !== "known" || desired === undefined) return false;
  if (application.annotations[annotations.rollbackTo] !== rollback?.to) return false;
  if (rollback === undefined) return look.revision === desired.revision;
  return (
    look.commit === rollback.skipped &&
    !(rollback.until !== undefined && Date.parse(rollback.until) <= now.getTime()) &&
    desired.commit.id === rollback.to
  );
}

/** Milliseconds until it ends by itself; undefined when it does not, or should have already. */
export function endsIn(rollback: Rollback | undefined, now: Date): number | undefined {
  if (rollback?.until === undefined) return undefined;
  const left = Date.parse(rollback.until) - now.getTime();
  return left > 0 ? left : undefined;
}

/** What stopped a run whose aim was the commit of a rollback, as who asked for it reads it. */
export function rollbackProblem(problem: Problem, { rollback }: ApplicationState): Problem {
  if (problem.code !== "RevisionNotFound" || rollback === undefined) return problem;
  return new Problem(
    "RevisionNotFound",
    `${annotations.rollbackTo} names the commit ${rollback.to}, which the repository does not have; what is deployed stays as it is`,
    { cause: problem },
  );
}

/**
 * A request may name a commit that was pushed since the last look: without a newer one the ref
 * would seem to be at another commit than the skipped, and the rollback to have ended.
 * @returns whether that look is still to come
 */
function lookFirst(state: ApplicationState, request: RollbackRequest, env: Environment): boolean {
  const { rollback } = state;
  if (rollback?.to === request.to && (request.skip ?? rollback.skipped) === rollback.skipped)
    return false;
  const asked = `${request.to} ${request.skip ?? ""}`;
  if (state.rollbackLook?.asked === asked) return !state.rollbackLook.isDone;
  const look = { asked, isDone: false };
  state.rollbackLook = look;
  const tracking = state.source?.tracking;
  tracking?.refresh();
  void tracking?.settled().then(() => {
    look.isDone = true;
    env.again(state);
  });
  return true;
}
