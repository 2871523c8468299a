/**
 * What Prometheus reads of Mooring. The catalogue of all metrics is in metrics/catalogue.ts.
 *
 * No call costs more with more applications; states are read when somebody scrapes. No label
 * ever holds a secret: URLs are redacted, everything else is a name or of a closed set.
 */
import { Registry } from "prom-client";
import { type Application, type ApplicationStatus, applicationKey } from "../model/application.ts";
import type { Problem, ProblemCode } from "../model/problem.ts";
import type { Outcome, Report } from "../model/report.ts";
import {
  collectApplications,
  collectArgocdInfo,
  collectWatched,
  labelsOf,
  type TrackedApplication,
  type Watched,
} from "./metrics/applications.ts";
import { deliveryOf, outageOf, restoredAfter } from "./metrics/deployments.ts";
import { collected, counter, histogram } from "./metrics/instruments.ts";
import { collectProcess } from "./metrics/process.ts";
import { ApplicationSeries } from "./metrics/series.ts";
import { conditionOf } from "./situation.ts";
import { codeIn, freshProblems, isCode, isFreshStop } from "./transitions.ts";

export type { Watched } from "./metrics/applications.ts";
export { metricCatalogue, metricTable } from "./metrics/catalogue.ts";

export type Stage = "fetch" | "render" | "plan" | "apply";

/** One request to the Kubernetes API. */
export interface ApiRequest {
  /** As the apiserver names it: get, list, watch, create, update, patch, apply, delete. */
  verb: string;
  /** HTTP status; absent when there was no answer. */
  code?: number;
  seconds: number;
}

/** One request to a Git remote. */
export interface GitRequest {
  /** What was asked: ls-refs, fetch. A closed set of the caller. */
  operation: string;
  /** How it failed, if it did. */
  code?: ProblemCode;
  seconds: number;
}

/** One render. */
export interface RenderedOnce {
  /** directory, kustomize, helm or unknown. */
  tool: string;
  /** How much of it had to be done. */
  work: "rendered" | "cached" | "unchanged";
  /** `ok`, the code of the Problem, or aborted. */
  result: string;
  seconds: number;
}

export interface MetricsOptions {
  version: string;
  /** Offer `argocd_app_info` too. */
  argocd: boolean;
  now: () => Date;
  /** Offer prom-client's process and Node.js metrics, the event loop's delay among them. Default true. */
  process?: boolean;
}

/** What is asked for when somebody scrapes. */
export interface Probes {
  /** Applications that wait for a worker. */
  queueDepth(): number;
  /** For each watch: what it watches (`Deployment.apps`), and seconds since it last told anything. */
  watchAges(): Iterable<{ resource: string; seconds: number }>;
  /** Every shard, and whether this replica holds its Lease. */
  shards(): Iterable<{ shard: number; held: boolean }>;
  /** The shard of an application, by its key. */
  shardOf(key: string): number;
  /** The applications that this replica keeps, suspended ones aside. */
  watched(): Iterable<Watched>;
  /** Threads of kustomize and Helm. */
  renderThreads(): { busy: number; idle: number };
  /** Renders that wait for one. */
  renderQueueDepth(): number;
  renderCacheBytes(): number;
}

/** The outcomes that stand for a write that was made or meant; the others ask for none. */
const writes: readonly Outcome[] = [
  "created",
  "configured",
  "healed",
  "adopted",
  "refused",
  "failed",
  "deferred",
];

interface Tracked extends TrackedApplication {
  /** Begin of the outage that it is in. */
  outage: string | undefined;
  /** Found out when it is first asked for. */
  shard?: number;
}

export class Metrics {
  readonly registry = new Registry();
  readonly #tracked = new Map<string, Tracked>();
  readonly #series = new ApplicationSeries();
  readonly #reconciles = counter(this.registry, "reconciles");
  readonly #problems = counter(this.registry, "problems");
  readonly #reconcileDuration = histogram(this.registry, "reconcileDuration");
  readonly #stageDuration = histogram(this.registry, "stageDuration");
  readonly #applies = counter(this.registry, "applies");
  readonly #prunes = counter(this.registry, "prunes");
  readonly #heals = counter(this.registry, "heals");
  readonly #healLatency = histogram(this.registry, "healLatency");
  readonly #deployments = counter(this.registry, "deployments");
  readonly #leadTime = histogram(this.registry, "leadTime");
  readonly #timeToRestore = histogram(this.registry, "timeToRestore");
  readonly #renders = counter(this.registry, "renders");
  readonly #renderDuration = histogram(this.registry, "renderDuration");
  readonly #renderWait = histogram(this.registry, "renderWait");
  readonly #gitRequests = counter(this.registry, "gitRequests");
  readonly #gitDuration = histogram(this.registry, "gitDuration");
  readonly #apiRequests = counter(this.registry, "apiRequests");
  readonly #apiDuration = histogram(this.registry, "apiDuration");
  readonly #events = counter(this.registry, "events");
  #probes: Probes | undefined;

  constructor({ version, argocd, now, process = true }: MetricsOptions) {
    const shown = () => this.#shown();
    collectApplications(this.registry, shown, now);
    if (argocd) collectArgocdInfo(this.registry, shown);
    collectWatched(this.registry, () => this.#probes?.watched() ?? [], now);
    collected(this.registry, "shardHeld", (set) => {
      for (const { shard, held } of this.#probes?.shards() ?? [])
        set({ shard: String(shard) }, held ? 1 : 0);
    });
    collected(this.registry, "queueDepth", (set) => {
      if (this.#probes !== undefined) set({}, this.#probes.queueDepth());
    });
    collected(this.registry, "watchAge", (set) => {
      for (const { resource, seconds } of this.#probes?.watchAges() ?? [])
        set({ resource }, seconds);
    });
    collected(this.registry, "renderThreads", (set) => {
      const { busy, idle } = this.#probes?.renderThreads() ?? { busy: 0, idle: 0 };
      set({ state: "busy" }, busy);
      set({ state: "idle" }, idle);
    });
    collected(this.registry, "renderQueueDepth", (set) => {
      if (this.#probes !== undefined) set({}, this.#probes.renderQueueDepth());
    });
    collected(this.registry, "renderCacheBytes", (set) => {
      if (this.#probes !== undefined) set({}, this.#probes.renderCacheBytes());
    });
    collected(this.registry, "build", (set) => set({ version }, 1));
    if (process) collectProcess(this.registry);
  }

  /** From now on these answer for what is read when somebody scrapes. */
  probe(probes: Probes): void {
    this.#probes = probes;
  }

  observeRequest({ verb, code, seconds }: ApiRequest): void {
    this.#apiRequests.inc({ verb, code: code === undefined ? "error" : String(code) });
    if (verb !== "watch") this.#apiDuration.observe({ verb }, seconds);
  }

  observeGit({ operation, code, seconds }: GitRequest): void {
    this.#gitRequests.inc({ operation, result: code ?? "success" });
    this.#gitDuration.observe({ operation }, seconds);
  }

  observeRender(application: Application, { tool, work, result, seconds }: RenderedOnce): void {
    const labels = { tool, result: result === "ok" ? work : result };
    this.#series.increment(application, this.#renders, labels);
    if (work === "rendered") this.#renderDuration.observe({ tool }, seconds);
  }

  /** A render of kustomize or Helm got its thread after so long. */
  renderWaited(tool: string, seconds: number): void {
    this.#renderWait.observe({ tool }, seconds);
  }

  observeStage(stage: Stage, seconds: number): void {
    this.#stageDuration.observe({ stage }, seconds);
  }

  /** A run is over: how long it took, and what stopped it as a whole. */
  observeRun(application: Application, seconds: number, problem?: Problem): void {
    this.#reconcileDuration.observe(seconds);
    this.#series.increment(application, this.#reconciles, { result: problem?.retry ?? "success" });
  }

  /** What a run did: once for each act, never for a report that is only told again. */
  observeReport(application: Application, report: Report): void {
    for (const { outcome } of report.objects) {
      if (writes.includes(outcome))
        this.#series.increment(application, this.#applies, { result: outcome });
      if (outcome === "pruned") this.#series.increment(application, this.#prunes);
      if (outcome === "healed") this.#series.increment(application, this.#heals);
    }
  }

  /** Seconds from the watch event that told of a drift to the answer of the apply that undid it. */
  healed(seconds: number): void {
    this.#healLatency.observe(seconds);
  }

  eventRecorded(result: "written" | "lost"): void {
    this.#events.inc({ result });
  }

  /**
   * The application as it is now. Problems and deployments are counted from the difference to
   * the status that was set before, or, the first time, to the one that the application came
   * with: a restart neither forgets nor counts twice.
   */
  setApplication(application: Application, status: ApplicationStatus): void {
    if (this.#series.isForgotten(application)) return;
    const key = applicationKey(application);
    const known = this.#tracked.get(key);
    const previous = known?.status ?? application.status;
    if (known === undefined) this.#beginDeployments(application);
    this.#countProblems(application, previous, status);
    this.#countDeliveries(application, previous, status);
    const outage = known?.outage ?? outageOf(previous);
    const restored = outage === undefined ? undefined : restoredAfter(outage, status);
    if (restored !== undefined) this.#series.observe(application, this.#timeToRestore, restored);
    this.#tracked.set(key, {
      application,
      status,
      labels: known?.application === application ? known.labels : labelsOf(application),
      ...(known?.shard === undefined ? {} : { shard: known.shard }),
      outage: restored === undefined ? (outage ?? outageOf(status)) : undefined,
    });
  }

  /** The application is gone: so are all its series, also when a run of its ends later. */
  forget(application: Application): void {
    const key = applicationKey(application);
    this.#series.forget(application);
    this.#tracked.delete(key);
  }

  /** What is known of an application whose Lease another replica holds grows old: that one tells of it. */
  *#shown(): Iterable<Tracked> {
    const probes = this.#probes;
    const held = new Map([...(probes?.shards() ?? [])].map((one) => [one.shard, one.held]));
    for (const [key, tracked] of this.#tracked) {
      if (probes !== undefined) {
        tracked.shard ??= probes.shardOf(key);
        if (held.get(tracked.shard) !== true) continue;
      }
      yield tracked;
    }
  }

  #countProblems(
    application: Application,
    previous: ApplicationStatus,
    status: ApplicationStatus,
  ): void {
    const objects = freshProblems(previous, status, ["failed", "refused", "deferred", "drifted"])
      .map(({ message }) => codeIn(message))
      .filter((code) => code !== undefined);
    const stop = conditionOf(status, "Ready")?.reason ?? "";
    // Ready names the code of an object's problem too: that one is counted with its object.
    const ofObject = (status.problems ?? []).some(({ message }) => codeIn(message) === stop);
    const codes: string[] = [...objects];
    if (isCode(stop) && !ofObject && isFreshStop(previous, status, stop)) codes.push(stop);
    for (const code of codes) this.#series.increment(application, this.#problems, { code });
  }

  /** From 0: of a counter that begins with its first count, `increase` sees nothing. */
  #beginDeployments(application: Application): void {
    for (const result of ["healthy", "failed", "superseded"] as const)
      this.#series.increment(application, this.#deployments, { result }, 0);
  }

  #countDeliveries(
    application: Application,
    previous: ApplicationStatus,
    status: ApplicationStatus,
  ): void {
    const { results, leadTime } = deliveryOf(previous, status);
    for (const result of results)
      this.#series.increment(application, this.#deployments, { result });
    if (leadTime !== undefined) this.#series.observe(application, this.#leadTime, leadTime);
  }
}
