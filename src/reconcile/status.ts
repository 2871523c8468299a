/** What became of a run, written to the Application, to Events and to metrics: only where something changed. */
import { isNotFound, isStale } from "../cluster/api-error.ts";
import { fitStatus } from "../dialect/mooring/status.ts";
import { type ApplicationStatus, applicationResource } from "../model/application.ts";
import type { Problem } from "../model/problem.ts";
import type { Report } from "../model/report.ts";
import { nextStatus, statusEquals } from "../status/conditions.ts";
import { eventsFor } from "../status/events.ts";
import type { Environment } from "./environment.ts";
import type { RunResult } from "./pipeline.ts";
import type { ApplicationState } from "./state.ts";

const attempts = 3;

/** A second identical run writes nothing (invariant 9). */
export async function writeStatus(
  state: ApplicationState,
  result: RunResult,
  env: Environment,
): Promise<void> {
  const previous = state.written;
  const report = reportOf(state);
  const revision =
    result.revision ?? (result.problem === undefined ? state.desired?.revision : undefined);
  const next = fitStatus(
    nextStatus({
      application: { ...state.application, status: previous },
      now: env.now(),
      ...(revision === undefined ? {} : { revision }),
      ...(state.desired === undefined || state.desired.revision !== revision
        ? {}
        : { commit: state.desired.commit }),
      ...(report === undefined ? {} : { report }),
      ...(result.problem === undefined ? {} : { problem: result.problem }),
      ...(result.pending === true
        ? { reconciling: { reason: "Fetching", message: fetchingText(result.revision) } }
        : {}),
      // Answered by the run that the look led to, once that has a result.
      ...(state.handledRefresh === undefined || result.pending === true
        ? {}
        : { handledRefresh: state.handledRefresh }),
      ...(state.rollback === undefined ? {} : { rollback: state.rollback }),
      ...(isGivenUp(state, result.problem) ? { givenUp: true } : {}),
    }),
  );
  env.metrics.setApplication(state.application, next);
  state.gone = [];
  state.untold = false;
  state.settleReports();
  const { rollbackEnd } = state;
  if (!statusEquals(previous, next)) {
    if (!(await write(state, next, env))) return;
    state.written = next;
  } else if (rollbackEnd === undefined) return;
  state.rollbackEnd = undefined;
  env.events.record(
    state.application,
    eventsFor({
      previous,
      next,
      mode: state.application.spec.mode,
      ...(rollbackEnd === undefined ? {} : { rollbackEnd }),
      ...(report === undefined ? {} : { report }),
      ...(result.problem === undefined ? {} : { problem: result.problem }),
    }),
  );
}

function fetchingText(revision: string | undefined): string {
  return revision === undefined
    ? "asking the Git server for the revision"
    : `fetching and rendering ${revision}`;
}

/** `retry.limit` is used up: only a change brings another try. */
function isGivenUp(state: ApplicationState, problem: Problem | undefined): boolean {
  const { limit } = state.application.spec.retry;
  return problem?.retry === "transient" && limit >= 0 && state.failures > limit;
}

function reportOf(state: ApplicationState): Report | undefined {
  if (state.desired === undefined) return undefined;
  return {
    revision: state.desired.revision,
    objects: [...state.reports.values(), ...state.gone],
    ...(state.held === undefined ? {} : { held: state.held }),
  };
}

/** @returns false when the Application is gone. Guarded by its version: an older status never replaces a newer. */
async function write(
  state: ApplicationState,
  status: ApplicationStatus,
  env: Environment,
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const { namespace, name, uid, resourceVersion } = state.application;
    try {
      const answer = await env.reporting(state).jsonPatch(
        applicationResource,
        namespace,
        name,
        [
          { op: "test", path: "/metadata/uid", value: uid },
          { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
          { op: "add", path: "/status", value: status },
        ],
        { subresource: "status" },
      );
      env.learnApplication(state, answer);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (!isStale(error) || attempt === attempts) throw error;
      const current = await env.reporting(state).get(applicationResource, namespace, name);
      if (current === undefined || current.metadata.uid !== uid) return false;
      env.learnApplication(state, current);
    }
  }
}
