/** Revision -> rendered objects -> targets, as the cluster at hand understands them. */
import { createHash } from "node:crypto";
import type { RenderedObject } from "../model/desired.ts";
import { type KubeObject, refKey } from "../model/object.ts";
import { asProblem } from "../model/problem.ts";
import type { FieldPath } from "../plan/fields.ts";
import { rulesFor } from "../plan/ignore.ts";
import { canonicalJson, isHook, resolveTargets, type Target } from "../plan/targets.ts";
import type { Known } from "../source/tracking.ts";
import type { Environment } from "./environment.ts";
import { renderSourceOf, servedDigest } from "./render-source.ts";
import { type Rendered, Rendering } from "./rendering.ts";
import { outOfSight } from "./sight.ts";
import type { ApplicationState, Desired, FailedRender, RenderAttempt } from "./state.ts";

/** An unknown kind makes discovery look again, at most this often. */
const rediscoverMs = 5_000;
/** Fetch and render keep a worker for so long at most; most take far less. */
const patienceMs = 1_000;
/** After a render that passed a limit; doubled each time. */
const limitPauseMs = 60_000;
const longestLimitPauseMs = 3_600_000;

/**
 * @param attempt where what is under way, and what failed, is remembered
 * @returns undefined when fetch and render take longer; the application is then queued again as
 *   soon as they have ended
 * @throws Problem of the source or the renderer; then nothing of the revision is used.
 */
export async function resolveDesired(
  state: ApplicationState,
  look: Known,
  env: Environment,
  signal: AbortSignal,
  attempt: RenderAttempt = state,
): Promise<Desired | undefined> {
  const { application, ownership } = state;
  const { spec } = application;
  const ready = await renderedRevision(state, look, env, signal, attempt);
  if (ready === undefined) return undefined;
  const { commit, set: rendered } = ready;

  const find = env.discovery.find.bind(env.discovery);
  const isUnknown = ({ object }: RenderedObject) =>
    find(object.apiVersion, object.kind) === undefined;
  const ordinary = rendered.objects.filter((one) => !isHook(one));
  if (
    ordinary.some(isUnknown) &&
    env.now().getTime() - (env.discovery.fetchedAt?.getTime() ?? 0) > rediscoverMs
  )
    await env.discovery.refresh(signal);

  // Before anything is resolved: what others own of a live object may be ignored in it.
  if (spec.mode === "enforce") {
    const kinds = ordinary.map(({ object }) => find(object.apiVersion, object.kind));
    await env.live.ensureAll(
      kinds.filter((kind) => kind !== undefined),
      signal,
    );
  }
  const ignoreDifferences = spec.ignoreDifferences;
  const jq = await jqPathsOf(ordinary, state, env);
  const defaultNamespace = spec.destination.namespace ?? application.namespace;
  const { targets, others } = resolveTargets(rendered.objects, {
    defaultNamespace,
    ownership,
    ignoreDifferences,
    find,
    jq: (object) => (expression) => jq.get(`${jqKey(object)}\n${expression}`) ?? [],
    live: (ref) => env.live.get(ref),
  });
  const inputs = createHash("sha256")
    .update(canonicalJson([rendered.inputs, defaultNamespace, ignoreDifferences, spec.mode]))
    .digest("base64url");
  const visible: Target[] = [];
  for (const target of targets) {
    const problem = spec.mode === "enforce" ? outOfSight(target, env) : undefined;
    if (problem === undefined) visible.push(target);
    else others.push({ ref: target.ref, outcome: "refused", problem });
  }
  return {
    revision: look.revision,
    generation: application.generation,
    commit,
    tool: rendered.tool,
    served: ready.served,
    inputs,
    targets: new Map(visible.map((target) => [target.key, target])),
    others,
  };
}

/** Joins what an earlier run began for the same revision and spec. */
async function renderedRevision(
  state: ApplicationState,
  look: Known,
  env: Environment,
  signal: AbortSignal,
  attempt: RenderAttempt,
): Promise<Rendered | undefined> {
  const { generation } = state.application;
  const failed = failureOf(attempt, look.revision, generation);
  if (failed !== undefined && env.monotonic() < failed.until) throw failed.problem;
  const begun = attempt.rendering;
  const joined = begun?.revision === look.revision && begun.generation === generation;
  const rendering = joined
    ? begun
    : new Rendering(look.revision, generation, fetchAndRender(state, look, env, signal, attempt));
  attempt.rendering = undefined;
  const rendered = await rendering.within(patienceMs);
  if (rendered !== undefined) return rendered;
  attempt.rendering = rendering;
  if (!joined) void rendering.settled.then(() => env.again(state));
  return undefined;
}

async function fetchAndRender(
  state: ApplicationState,
  look: Known,
  env: Environment,
  signal: AbortSignal,
  attempt: RenderAttempt,
): Promise<Rendered> {
  const { generation } = state.application;
  // A revision that is known already is told of once.
  const isNew = state.desired?.revision !== look.revision;
  const timed = async <T>(
    stage: "fetch" | "render",
    work: Promise<T>,
    told: (result: T) => { message: string; tool?: string },
  ): Promise<T> => {
    const started = env.monotonic();
    const result = await work;
    const ms = env.monotonic() - started;
    env.metrics.observeStage(stage, ms / 1000);
    if (isNew) {
      const { message, ...more } = told(result);
      env.log.info(
        { app: state.key, revision: look.revision, stage, ms: Math.round(ms), ...more },
        message,
      );
    }
    return result;
  };
  const snapshot = await timed("fetch", look.snapshot(), ({ commit }) => ({
    message: `cloned at ${commit.id.slice(0, 7)} "${commit.subject}" by ${commit.author}`,
  }));
  const served = servedDigest(env.discovery);
  try {
    const set = await timed(
      "render",
      env.renderer.render(
        snapshot,
        renderSourceOf(state.application, env, attempt.isGuess),
        signal,
      ),
      ({ objects, tool }) => ({ message: `rendered ${objects.length} objects`, tool }),
    );
    attempt.failedRender = undefined;
    return { commit: snapshot.commit, set, served };
  } catch (error) {
    const problem = asProblem(error);
    if (problem.retry === "terminal" && !signal.aborted) {
      const times = (failureOf(attempt, look.revision, generation)?.times ?? 0) + 1;
      // A deadline may have been missed for want of CPU: that is tried again, ever more seldom.
      const pause =
        problem.code === "LimitExceeded"
          ? Math.min(limitPauseMs * 2 ** (times - 1), longestLimitPauseMs)
          : Number.POSITIVE_INFINITY;
      const until = env.monotonic() + pause;
      attempt.failedRender = { revision: look.revision, generation, served, problem, times, until };
    }
    throw problem;
  }
}

/** How the render of this revision failed before, for the spec as it is now. */
function failureOf(
  { failedRender }: RenderAttempt,
  revision: string,
  generation: number,
): FailedRender | undefined {
  const same = failedRender?.revision === revision && failedRender.generation === generation;
  return same ? failedRender : undefined;
}

/** Planning is pure, jq is not: its answers are gathered beforehand. */
async function jqPathsOf(
  objects: readonly RenderedObject[],
  state: ApplicationState,
  env: Environment,
): Promise<Map<string, readonly FieldPath[]>> {
  const found = new Map<string, readonly FieldPath[]>();
  const { ignoreDifferences, destination } = state.application.spec;
  const withJq = ignoreDifferences.filter((rule) => rule.jqPathExpressions !== undefined);
  if (withJq.length === 0) return found;
  for (const { object } of objects) {
    const namespace =
      object.metadata.namespace ?? destination.namespace ?? state.application.namespace;
    const placed = { ...object, metadata: { ...object.metadata, namespace } };
    for (const rule of rulesFor(
      placed,
      withJq.map(({ namespace: _, ...rest }) => rest),
    ))
      for (const expression of rule.jqPathExpressions ?? [])
        found.set(`${jqKey(object)}\n${expression}`, await env.jqPaths(expression, object));
  }
  return found;
}

function jqKey(object: KubeObject): string {
  return refKey({ group: object.apiVersion, kind: object.kind, name: object.metadata.name ?? "" });
}
