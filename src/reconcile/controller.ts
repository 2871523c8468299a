/** The loop: events in, runs out. Knows every stage, and no detail of any. */
import type { LiveChange } from "../cluster/live-store.ts";
import { annotations } from "../model/application.ts";
import type { Health } from "../model/health.ts";
import { type GroupKind, groupKindKey, refKey } from "../model/object.ts";
import { asProblem, type Problem } from "../model/problem.ts";
import { recordedGroupKinds } from "../plan/ownership.ts";
import type { Applications } from "./applications.ts";
import { finishDeletion } from "./deletion.ts";
import type { Environment } from "./environment.ts";
import { needsEvidence } from "./outcome.ts";
import { type RunResult, runApplication } from "./pipeline.ts";
import { type Priority, priorities, WorkQueue } from "./queue.ts";
import { followsCluster, servedDigest } from "./render-source.ts";
import { nextRetry } from "./retry.ts";
import { endsIn, isCurrent } from "./rollback.ts";
import type { Shards } from "./shards.ts";
import type { ApplicationState, Work } from "./state.ts";
import { writeStatus } from "./status.ts";

/** Health changes of many objects make one status write. */
const statusPauseMs = 100;
/** A run whose result could not be written is made again, whatever `retry.limit` says. */
const longestUntoldMs = 30_000;
/** A source that has not answered for so long is said to be waited for. */
const patienceMs = 3_000;
/** The same, where the status has the outcome already: a restart that is slow to render tells nobody. */
const longPatienceMs = 60_000;
/** An operator brings its CRDs over seconds: charts are rendered once for all of them. */
const apisPauseMs = 5_000;
/** Timers take no more than 2^31 milliseconds. */
const longestTimerMs = 24 * 3_600_000;

export interface ControllerOptions {
  applications(): Applications;
  environment(): Environment;
  shards(): Shards;
  /** Applications worked on at once. */
  concurrency: number;
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      concurrency: options.concurrency,
      work: (key) => this.#work(key),
    });
  }

  get queue(): WorkQueue {
    return this.#queue;
  }

  /** An Application is new or says something else. */
  applicationChanged(state: ApplicationState): void {
    state.reconciledAt ??= this.#options.environment().monotonic();
    state.wholeRun();
    state.failures = 0;
    this.#queue.add(state.key, priorities.prompt);
  }

  applicationGone(state: ApplicationState): void {
    const env = this.#options.environment();
    state.source?.stop();
    env.observe(state, []);
    env.metrics.forget(state.application);
    this.#queue.remove(state.key);
  }

  sourceChanged(state: ApplicationState): void {
    this.#queue.add(state.key, priorities.prompt);
  }

  /** Something happened to an object that carries, or carried, an application's label. */
  liveChanged({ live, before }: LiveChange): void {
    const applications = this.#options.applications();
    const concerned = new Set([
      applications.ofSet(live?.partOf),
      applications.ofSet(before?.partOf),
    ]);
    const ref = (live ?? before)?.ref;
    if (ref === undefined) return;
    const key = refKey(ref);
    for (const state of concerned) {
      if (state === undefined) continue;
      if (state.application.deleting) this.again(state, priorities.normal);
      else if (live !== undefined && isUneventful(state, key, live)) {
        if (!needsEvidence(state)) this.#options.environment().live.settle(live);
        if (state.seenHealth(key, live.health))
          this.#queue.addAfter(state.key, statusPauseMs, priorities.normal);
      } else {
        if (live !== undefined) state.seenHealth(key, live.health);
        this.objectChanged(state, key);
      }
    }
  }

  /** One object of an application has to be looked at. */
  objectChanged(state: ApplicationState, key: string): void {
    state.dirty(key, this.#options.environment().monotonic());
    this.#queue.add(state.key, priorities.heal);
  }

  /** An object that an application wants and does not own (observe, warn) changed. */
  followedChanged(application: string, key: string): void {
    const state = this.#options.applications().get(application);
    if (state !== undefined) this.objectChanged(state, key);
  }

  followedHealth(application: string, key: string, health: Health): void {
    const state = this.#options.applications().get(application);
    if (state?.seenHealth(key, health) === true)
      this.#queue.addAfter(state.key, statusPauseMs, priorities.normal);
  }

  /** What is known of a kind became sure: whoever waited for it goes on. */
  knowledgeChanged(gk: GroupKind): void {
    for (const state of this.#options.applications())
      if (
        waitsForKnowledge(state) &&
        recordedGroupKinds(state.application.annotations).some(
          (one) => groupKindKey(one) === groupKindKey(gk),
        )
      ) {
        state.wholeRun();
        this.#queue.add(state.key, priorities.normal);
      }
  }

  /** Discovery has looked again: the cluster may know other kinds than before. */
  kindsChanged(): void {
    this.#apisChanged();
    for (const state of this.#options.applications())
      if ([...state.reports.values()].some(({ problem }) => problem?.code === "UnknownKind")) {
        state.wholeRun();
        state.terminal.clear();
        this.#queue.add(state.key, priorities.normal);
      }
  }

  /** Charts may render otherwise where the cluster serves other APIs; nothing else does. */
  #apisChanged(): void {
    const { discovery, log } = this.#options.environment();
    const now = servedDigest(discovery);
    if (now === undefined) return;
    let applications = 0;
    for (const state of this.#options.applications()) {
      const { desired, failedRender } = state;
      const rendered = desired?.tool === "helm" && desired.served !== now;
      const failed = failedRender !== undefined && failedRender.served !== now;
      if (!(rendered || failed) || !followsCluster(state.application)) continue;
      state.renderAgain();
      this.#queue.addAfter(state.key, apisPauseMs, priorities.background);
      applications += 1;
    }
    // What it changes comes with no commit: this is why.
    if (applications > 0)
      log.info(
        { applications, kubernetes: discovery.kubernetesVersion },
        "the cluster serves other APIs, or is of another version: charts are rendered again",
      );
  }

  /** Which fields of a kind can be claimed changed: what we remember of claims is worth nothing. */
  schemaChanged(gk: GroupKind): void {
    for (const state of this.#options.applications())
      for (const target of state.desired?.targets.values() ?? []) {
        if (groupKindKey(target.ref) !== groupKindKey(gk)) continue;
        state.baselines.delete(target.key);
        this.objectChanged(state, target.key);
      }
  }

  shardAcquired(shard: number): void {
    for (const state of this.#options.applications())
      if (this.#options.shards().shardOf(state.key) === shard) {
        state.resume();
        state.reconciledAt = this.#options.environment().monotonic();
        this.#queue.add(state.key, priorities.normal);
      }
  }

  again(state: ApplicationState, priority: Priority = priorities.normal): void {
    this.#queue.add(state.key, priority);
  }

  laterWhole(state: ApplicationState, delayMs: number): void {
    state.wholeRun();
    this.#queue.addAfter(state.key, delayMs, priorities.normal);
  }

  /** Other applications that this replica enforces. */
  *peers(state: ApplicationState): Iterable<ApplicationState> {
    for (const peer of this.#options.applications()) {
      const { deleting, spec } = peer.application;
      if (peer === state || deleting || spec.suspend || spec.mode !== "enforce") continue;
      if (this.#options.shards().mayWrite(peer.key)) yield peer;
    }
  }

  laterDirty(state: ApplicationState, key: string, delayMs: number): void {
    state.dirty(key, this.#options.environment().monotonic() + delayMs);
    // Timers cut fractions off: fired too early, the object would still have to wait.
    this.#queue.addAfter(state.key, Math.ceil(delayMs), priorities.heal);
  }

  /** A sweep's turn. */
  suspect(state: ApplicationState, key: string): void {
    state.work.suspects.add(key);
    this.#queue.add(state.key, priorities.background);
  }

  /** No new run starts; those under way end by themselves, or are aborted after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    timer.unref();
    await this.#queue.drain();
    clearTimeout(timer);
  }

  async #work(key: string): Promise<void> {
    const env = this.#options.environment();
    const state = this.#options.applications().get(key);
    if (state === undefined || !this.#options.shards().mayWrite(key)) return;
    const started = env.monotonic();
    const refresh = state.application.annotations[annotations.refresh];
    try {
      const result = await this.#run(state, env);
      if (result === undefined) return;
      if (result.problem !== undefined && result.problem.message !== state.problem?.message)
        env.log.warn({ app: key, revision: result.revision, err: result.problem }, "run stopped");
      state.problem = result.problem;
      answerRefresh(state, refresh);
      env.metrics.observeRun(state.application, (env.monotonic() - started) / 1000, result.problem);
      // First: the status says whether there is a next try.
      this.#schedule(state, env);
      await writeStatus(state, result, env);
      state.reconciledAt = env.monotonic();
      state.isSettled = result.pending !== true;
    } catch (error) {
      const problem = asProblem(error);
      env.log[problem.code === "Fenced" ? "info" : "error"](
        { app: key, problem: problem.message, err: error },
        "run ended early",
      );
      state.wholeRun();
      state.isSettled = false;
      if (problem.code !== "Fenced")
        this.#queue.addAfter(
          key,
          Math.min(nextRetry(state, problem), longestUntoldMs),
          priorities.normal,
        );
    } finally {
      this.#awaitRollbackEnd(state, env);
    }
  }

  /** After every run: a key has one timer, and whatever made it ring earlier took this one's place. */
  #awaitRollbackEnd({ key, rollback, stopped }: ApplicationState, env: Environment): void {
    const ends = endsIn(rollback, env.now());
    if (ends === undefined || stopped) return;
    this.#queue.addAfter(key, Math.min(ends, longestTimerMs), priorities.prompt);
  }

  /** @returns undefined when there is nothing to say about it. */
  async #run(state: ApplicationState, env: Environment): Promise<RunResult | undefined> {
    const { application } = state;
    const work = state.takeWork(env.monotonic());
    if (isEcho(state, work, env)) return undefined;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(application.timeoutMs)]);
    if (state.invalid !== undefined && !application.deleting) return { problem: state.invalid };
    if (application.deleting) return await finishDeletion(state, env, signal);
    if (application.spec.suspend) {
      state.source?.stop();
      state.source = undefined;
      return {};
    }
    const result = await runApplication(state, work, env, signal);
    if (result.pending !== true) {
      state.pendingSince = undefined;
      return result;
    }
    state.giveBack(work);
    state.isSettled = false;
    // The answer usually comes at once: only a wait is worth a status.
    state.pendingSince ??= env.monotonic();
    const patience = isTold(state, result) ? longPatienceMs : patienceMs;
    if (env.monotonic() - state.pendingSince >= patience) return result;
    this.#queue.addAfter(state.key, patience, priorities.background);
    return undefined;
  }

  /** Failures are looked at again: transient ones soon, blocked ones slowly, terminal ones never. */
  #schedule(state: ApplicationState, env: Environment): void {
    const untilRender = (state.failedRender?.until ?? Number.POSITIVE_INFINITY) - env.monotonic();
    if (untilRender > 0 && Number.isFinite(untilRender))
      this.#queue.addAfter(state.key, Math.ceil(untilRender), priorities.background);
    const failures = [...state.reports.values()].filter((report) => report.problem !== undefined);
    const problems = [
      ...(state.problem === undefined ? [] : [state.problem]),
      ...failures.map((report) => report.problem as Problem),
    ];
    const waiting = problems.filter(
      (problem) =>
        problem.retry !== "terminal" &&
        problem.code !== "PruneHeld" &&
        problem.code !== "PruneWaits" &&
        problem.code !== "FieldFight",
    );
    if (waiting.length === 0) {
      state.failures = 0;
      state.retryAt = undefined;
      return;
    }
    // Runs for other reasons in between neither hasten nor delay the next try.
    const now = env.monotonic();
    if (state.retryAt !== undefined && state.retryAt > now) {
      // An earlier timer of this application took the place of the one for that try.
      this.#queue.addAfter(state.key, Math.ceil(state.retryAt - now), priorities.normal);
      return;
    }
    state.failures += 1;
    const delay = Math.min(...waiting.map((problem) => nextRetry(state, problem)));
    state.retryAt = Number.isFinite(delay) ? now + delay : undefined;
    if (state.retryAt === undefined) return;
    env.log.debug({ app: state.key, delay, failures: state.failures }, "run again later");
    this.#queue.addAfter(state.key, delay, priorities.normal);
  }
}

/**
 * A run that for good came not so far as to look at the source has done what there is to do.
 * @param asked what the Application asked for when the run began
 */
function answerRefresh(state: ApplicationState, asked: string | undefined): void {
  if (state.problem === undefined || state.problem.retry === "transient") return;
  if (asked !== undefined && asked !== state.askedRefresh) state.handledRefresh = asked;
}

/** Does the status answer for this generation and this revision? */
function isTold({ application, written }: ApplicationState, { revision }: RunResult): boolean {
  return (
    written.observedGeneration === application.generation &&
    (revision === undefined || revision === written.attemptedRevision)
  );
}

function waitsForKnowledge(state: ApplicationState): boolean {
  const codes = [state.problem, ...[...state.reports.values()].map(({ problem }) => problem)];
  return codes.some((problem) => problem?.code === "LiveUnknown");
}

/** Were all its events only our own writes, seen before their answers were? Then nothing is new. */
function isEcho(state: ApplicationState, work: Work, env: Environment): boolean {
  if (work.whole || work.suspects.size > 0 || work.dirty.size === 0 || state.untold) return false;
  if (!isCurrent(state, env.now())) return false;
  if (state.problem !== undefined || state.application.deleting) return false;
  return [...work.dirty.keys()].every((key) => {
    const target = state.desired?.targets.get(key);
    const live = target === undefined ? undefined : env.live.get(target.ref);
    return live !== undefined && isUneventful(state, key, live);
  });
}

/** Our own write seen again, or a change of status alone: nothing to judge. */
function isUneventful(
  state: ApplicationState,
  key: string,
  live: NonNullable<LiveChange["live"]>,
): boolean {
  const target = state.desired?.targets.get(key);
  return (
    target !== undefined &&
    live.partOf === state.ownership.id &&
    live.claim !== undefined &&
    live.claim === state.baselines.get(key) &&
    live.appliedHash === target.hash &&
    live.additions.length === 0 &&
    !live.deleting
  );
}
