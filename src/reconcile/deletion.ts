/** A deleted Application: its objects are pruned or orphaned before the finalizer goes (invariant 14). */
import { orphan, prune } from "../apply/prune.ts";
import { isNotFound } from "../cluster/api-error.ts";
import { apiProblem } from "../cluster/api-problem.ts";
import { annotations, applicationResource, finalizer } from "../model/application.ts";
import { refKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import { guardDeletion, isProven } from "../plan/prune.ts";
import type { Environment } from "./environment.ts";
import { applyContext, identityOf } from "./identity.ts";
import { handOverMoved, movePauseMs } from "./moves.ts";
import { recordReports } from "./outcome.ts";
import { definitionGoes } from "./own-definition.ts";
import type { RunResult } from "./pipeline.ts";
import { members, pruneKnowledge } from "./record.ts";
import type { ApplicationState } from "./state.ts";

const withDefinition =
  "the CRD of Applications is being deleted, and with it every Application: set spec.deletionPolicy to orphan and what it deployed goes on running";

/** @returns undefined when the finalizer is gone: there is no status to write any more. */
export async function finishDeletion(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<RunResult | undefined> {
  if (!state.application.finalizers.includes(finalizer)) return undefined;
  try {
    const problem = await deleteObjects(state, env, signal);
    return problem === undefined ? undefined : { problem };
  } catch (error) {
    const problem = apiProblem(error);
    if (problem.code === "Fenced") throw problem;
    return { problem };
  }
}

async function deleteObjects(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { application } = state;
  const unknown = await pruneKnowledge(state, env, signal);
  if (unknown !== undefined) return unknown;
  const proven = members(state, env).filter((live) => isProven(live, state.ownership));
  const context = applyContext(
    state,
    proven.length > 0 ? identityOf(application, env) : undefined,
    env,
    signal,
  );
  const ours = await handOverMoved(proven, state, context, env);
  if (ours === undefined) {
    env.laterWhole(state, movePauseMs);
    return new Problem(
      "ApplyConflict",
      "waits for other applications of the repository to be read",
    );
  }
  if (application.spec.deletionPolicy === "delete") {
    const approved = application.annotations[annotations.approvePrune];
    const unmeant =
      ours.length > 0 && (await definitionGoes(env.own(state), signal)) === true
        ? withDefinition
        : undefined;
    state.held = guardDeletion(ours, env.config.pruneGuard, approved, unmeant);
    if (state.held !== undefined)
      return new Problem(
        "PruneHeld",
        `the Application is not deleted: ${state.held.reason}; approve with ${annotations.approvePrune}: "${state.held.hash}"`,
      );
  }
  state.reports.clear();
  state.desired = undefined;
  const reports =
    application.spec.deletionPolicy === "delete"
      ? await prune(ours, context)
      : await orphan(ours, context);
  recordReports(state, reports, new Map(), env);
  const left = reports.find(
    (report) => report.outcome !== "pruned" && report.outcome !== "orphaned",
  );
  if (left !== undefined)
    return (
      left.problem ??
      new Problem(
        "ApplyConflict",
        "still being deleted; its finalizers have not been removed yet",
        { object: left.ref },
      )
    );
  const patch = {
    metadata: {
      uid: application.uid,
      resourceVersion: application.resourceVersion,
      finalizers: application.finalizers.filter((name) => name !== finalizer),
    },
  };
  const { namespace, name } = application;
  const answer = await env
    .own(state)
    .mergePatch(applicationResource, namespace, name, patch, { signal })
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  // Gone already: what its objects' ends told began this run once more.
  if (answer === undefined) return undefined;
  env.learnApplication(state, answer);
  env.log.info(
    {
      app: state.key,
      policy: application.spec.deletionPolicy,
      objects: reports.map((one) => refKey(one.ref)),
    },
    "application deleted",
  );
  return undefined;
}
