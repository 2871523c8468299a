/**
 * The product on one page: source -> render -> plan -> apply -> prune, for one application.
 * Every stage is called here and nowhere else; what went wrong is a Problem, what was done a Report.
 */
import { applyStage } from "../apply/apply.ts";
import type { ApplyContext } from "../apply/context.ts";
import { ensureNamespace } from "../apply/namespace.ts";
import { apiProblem } from "../cluster/api-problem.ts";
import { Objects } from "../cluster/objects.ts";
import type { Identity } from "../cluster/transport.ts";
import { unsupported } from "../dialect/mooring/application.ts";
import { annotations } from "../model/application.ts";
import { refKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import { plan } from "../plan/plan.ts";
import type { Target } from "../plan/targets.ts";
import { crdKind, crdsEstablished } from "./crd-readiness.ts";
import { isProvenOf, restoreDeployed, unproven } from "./deployed.ts";
import { resolveDesired } from "./desired.ts";
import type { Environment } from "./environment.ts";
import { applyContext, identityOf } from "./identity.ts";
import { needsEvidence, recordReports } from "./outcome.ts";
import { dropGone, pruneRemoved } from "./prune.ts";
import { widenRecord } from "./record.ts";
import { renderSourceOf } from "./render-source.ts";
import { aimOf, rollbackProblem } from "./rollback.ts";
import { trackSource } from "./source.ts";
import type { ApplicationState, Desired, Work } from "./state.ts";

/** How long a run waits for CRDs of its own to be served. */
const crdDeadlineMs = 30_000;

export interface RunResult {
  /** The revision that the run worked on, also when it could not be rendered. */
  revision?: string;
  /** What stopped the run as a whole. */
  problem?: Problem;
  /** The source is still being asked: there is nothing to say yet. */
  pending?: boolean;
}

/**
 * One run. Never throws for anything that belongs to the application.
 * @throws Problem Fenced, when this replica must not write any more.
 */
export async function runApplication(
  state: ApplicationState,
  work: Work,
  env: Environment,
  signal: AbortSignal,
): Promise<RunResult> {
  const { application } = state;
  const refused = unsupported(application);
  if (refused !== undefined) return { problem: refused };
  let revision: string | undefined;
  try {
    const identity = identityOf(application, env);
    const objects = new Objects(env.transport(state), identity);
    const next = await nextDesired(state, work, objects, env, signal);
    revision = next.revision;
    if (next.desired === undefined) {
      // Git is away or answers nonsense, the last good revision is not: it is still held to.
      if (next.problem !== undefined) {
        state.work.whole ||= work.whole;
        if (
          state.desired === undefined &&
          (await restoreDeployed(state, env, signal)) === "pending"
        )
          return outcomeOf({ ...next, problem: undefined });
      }
      if (state.desired !== undefined)
        await reconcileObjects(state, state.desired, work, "deployed", identity, env, signal);
      return outcomeOf(next);
    }
    const { desired, isNew } = next;
    state.takeDesired(desired);
    state.source?.forget("deployed");
    await reconcileObjects(
      state,
      desired,
      isNew ? { ...work, whole: true } : work,
      "latest",
      identity,
      env,
      signal,
    );
    return revision === undefined ? {} : { revision };
  } catch (error) {
    const problem = apiProblem(error);
    if (problem.code === "Fenced") throw problem;
    // The next run looks again at what this one did not come to.
    state.giveBack(work);
    if (signal.aborted)
      return {
        problem: new Problem(
          "DeadlineExceeded",
          `the run did not end within ${application.spec.timeout}`,
        ),
      };
    return { problem, ...(revision === undefined ? {} : { revision }) };
  }
}

/** What source and renderer have for a run: a desired state, or why there is none. */
interface Next {
  revision: string | undefined;
  desired: Desired | undefined;
  /** It differs from the last run's, or every object is looked at anyway. */
  isNew: boolean;
  /** Absent while the source or the renderer is still at work. */
  problem?: Problem | undefined;
}

async function nextDesired(
  state: ApplicationState,
  work: Work,
  objects: Objects,
  env: Environment,
  signal: AbortSignal,
): Promise<Next> {
  const none = { revision: undefined, desired: undefined, isNew: false };
  let revision: string | undefined;
  try {
    state.source = await trackSource(state.application, state.source, {
      repositories: env.repositories,
      objects,
      monotonic: env.monotonic,
      signal,
      wanted: (snapshot) => env.renderer.blobs(snapshot, renderSourceOf(state.application, env)),
      onChange: () => env.sourceChanged(state),
      onSecret: (name, writtenAt) => {
        state.secret = { name, writtenAt };
      },
    });
    if (askRefresh(state, env)) return none;
    const head = state.source.tracking.current();
    if (head.state === "pending") return none;
    if (head.state === "failed") return { ...none, problem: head.problem };
    const look = await aimOf(state, head, env, signal);
    if (look.state === "pending") return none;
    if (look.state === "failed") return { ...none, problem: look.problem };
    revision = look.revision;
    const before = state.desired;
    const isNew = before?.revision !== revision || work.whole || needsEvidence(state);
    if (!isNew && before !== undefined) return { revision, desired: before, isNew };
    return { revision, desired: await resolveDesired(state, look, env, signal), isNew };
  } catch (error) {
    const problem = apiProblem(error);
    if (problem.code === "Fenced" || signal.aborted) throw error;
    return { ...none, revision, problem: rollbackProblem(problem, state) };
  }
}

function outcomeOf({ problem, revision }: Next): RunResult {
  return {
    ...(problem === undefined ? { pending: true } : { problem }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/**
 * `mooring.dev/refresh`: any new value makes it look now. Answered once that look is done.
 * @returns whether there is an answer to wait for.
 */
function askRefresh(state: ApplicationState, env: Environment): boolean {
  const asked = state.application.annotations[annotations.refresh];
  if (asked === undefined || asked === state.handledRefresh) return false;
  if (asked === state.askedRefresh) return true;
  state.askedRefresh = asked;
  state.terminal.clear();
  state.fights.clear();
  state.failedRender = undefined;
  state.restoring.failedRender = undefined;
  const tracking = state.source?.tracking;
  tracking?.refresh();
  void tracking?.settled().then(() => {
    state.handledRefresh = asked;
    state.wholeRun();
    env.again(state);
  });
  return true;
}

/**
 * @param which `deployed`: nothing newer can be had, so what is there is held to it and nothing
 *   is pruned; what writes nothing (observe, warn) looks only at what changed.
 */
async function reconcileObjects(
  state: ApplicationState,
  desired: Desired,
  { dirty, suspects, whole }: Work,
  which: "latest" | "deployed",
  identity: Identity | undefined,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const { application } = state;
  const enforce = application.spec.mode === "enforce";
  const context = applyContext(state, identity, env, signal);
  const all = [...desired.targets.values()];
  const isLatest = which === "latest";
  const isFirst = state.reports.size === 0;
  const scope =
    whole && (isLatest || enforce || isFirst)
      ? all
      : all.filter((target) => dirty.has(target.key) || suspects.has(target.key));
  if (whole && isLatest && enforce) await widenRecord(state, all, env, signal);
  if (whole && (isLatest || isFirst)) env.observe(state, enforce ? [] : all);
  const isSure = (target: Target) => !enforce || isProvenOf(desired, target, env);

  const started = env.monotonic();
  const planned = plan({
    targets: scope.filter((target) => isSure(target) && !isHopeless(state, target)),
    live: (target) => env.live.get(target.ref),
    baseline: (target) => state.baselines.get(target.key),
    suspect: (target) => suspects.has(target.key),
    ownership: state.ownership,
    applicationOf: env.applicationOf,
    mode: application.spec.mode,
    selfHeal: application.spec.selfHeal,
    isFresh: (target) => state.fresh.has(target.key),
    damped: (target) => state.fights.pause(target.key, env.monotonic()) > 0,
  });
  env.metrics.observeStage("plan", (env.monotonic() - started) / 1000);

  for (const stage of planned.stages) {
    if (stage.name === "objects" && stage.actions.some((action) => action.do === "create"))
      await createNamespace(state, context);
    const began = env.monotonic();
    const reports = await applyStage(stage.actions, context);
    if (stage.actions.length > 0)
      env.metrics.observeStage("apply", (env.monotonic() - began) / 1000);
    recordReports(state, reports, dirty, env);
    const crds = stage.actions
      .filter((action) => action.target.ref.kind === crdKind.kind && action.do !== "keep")
      .map((action) => action.target);
    if (
      enforce &&
      crds.length > 0 &&
      desired.others.some((other) => other.outcome === "deferred")
    ) {
      await crdsEstablished(crds, env.live, env.discovery, crdDeadlineMs, signal);
      // The kinds are there now: the rest is planned anew, with them.
      state.work.whole = true;
      env.again(state);
    }
  }
  for (const target of scope)
    if (!isSure(target)) state.reports.set(target.key, unproven(target, desired, env));
  reportOthers(state, desired, env);
  if (whole && isLatest) await pruneRemoved(state, desired, context, env, signal);
  else await dropGone(state, desired, env, signal);
}

/** A terminal refusal of exactly this desired object is not repeated. */
function isHopeless(state: ApplicationState, target: Target): boolean {
  return state.terminal.get(target.key) === target.hash;
}

async function createNamespace(state: ApplicationState, context: ApplyContext): Promise<void> {
  const { namespace, createNamespace } = state.application.spec.destination;
  if (!createNamespace || namespace === undefined || state.application.spec.mode !== "enforce")
    return;
  const report = await ensureNamespace(namespace, context);
  const key = refKey(report.ref);
  if (report.problem === undefined) state.reports.delete(key);
  else state.reports.set(key, report);
}

function reportOthers(state: ApplicationState, desired: Desired, env: Environment): void {
  for (const other of desired.others) {
    const key = refKey(other.ref);
    if (other.outcome === "skipped" && state.reports.get(key)?.outcome !== "skipped")
      env.log.warn({ app: state.key, object: key, why: other.note }, "object skipped");
    state.reports.set(key, other);
  }
}
