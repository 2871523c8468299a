/** The durable record of a rollback: its annotations, and the status that names what it skips. */
import { isNotFound, isStale } from "../cluster/api-error.ts";
import { rollbackAnnotations } from "../dialect/mooring/rollback.ts";
import { annotations, applicationResource, type Rollback } from "../model/application.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState } from "./state.ts";

const attempts = 3;

/** Writes it to the status, where that does not say so already; the rest of the status stays. */
export async function recordRollback(
  state: ApplicationState,
  rollback: Rollback,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const { to, skipped } = state.written.rollback ?? {};
  if (to === rollback.to && skipped === rollback.skipped) return;
  const { namespace, name, uid } = state.application;
  const patch = { metadata: { uid }, status: { rollback: { until: null, ...rollback } } };
  const answer = await env
    .reporting(state)
    .mergePatch(applicationResource, namespace, name, patch, { subresource: "status", signal });
  env.learnApplication(state, answer);
}

/** Removes the annotations, unless somebody asked for another rollback meanwhile. */
export async function forgetRollback(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const request = state.application.annotations[annotations.rollbackTo];
  for (let attempt = 1; ; attempt++) {
    const { namespace, name, uid, resourceVersion } = state.application;
    const given = rollbackAnnotations.filter((one) => one in state.application.annotations);
    if (given.length === 0 || state.application.annotations[annotations.rollbackTo] !== request)
      return;
    const gone = Object.fromEntries(given.map((one) => [one, null]));
    const patch = { metadata: { uid, resourceVersion, annotations: gone } };
    try {
      const objects = env.own(state);
      const answer = await objects.mergePatch(applicationResource, namespace, name, patch, {
        signal,
      });
      env.learnApplication(state, answer);
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isStale(error) || attempt === attempts) throw error;
      const current = await env.own(state).get(applicationResource, namespace, name, { signal });
      if (current === undefined || current.metadata.uid !== uid) return;
      env.learnApplication(state, current);
    }
  }
}
