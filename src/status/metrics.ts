/**
 * What Prometheus reads of Mooring. The catalogue of all metrics is in metrics/catalogue.ts.
 *
 * No call costs more with more applications; states are read when somebody scrapes. No label
 * ever holds a secret: URLs are redacted, everything else is a name or of a closed set.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import { type Application, type ApplicationStatus, applicationKey } from "../model/application.ts";
import { catalogue, type Problem, type ProblemCode, type Retry } from "../model/problem.ts";
import type { Outcome, Report } from "../model/report.ts";
import {
  collectApplications,
  collectArgocdInfo,
  type TrackedApplication,
} from "./metrics/applications.ts";
import { deliveryOf, deploymentResults, outageOf, restoredAfter } from "./metrics/deployments.ts";
import { collected, counter, histogram } from "./metrics/instruments.ts";

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
  /** What was asked: ls-refs, fetch, blobs. A closed set of the caller. */
  operation: string;
  /** How it failed, if it did. */
  code?: ProblemCode;
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
const runResults: readonly (Retry | "success")[] = ["success", "transient", "terminal", "blocked"];

/** Sampling period of the event loop's delay in ms: 50 wake-ups a second cost nothing that can be measured. */
const eventLoopResolution = 20;

interface Tracked extends TrackedApplication {
  /** Begin of the outage that it is in. */
  outage: string | undefined;
}

export class Metrics {
  readonly registry = new Registry();
  readonly #tracked = new Map<string, Tracked>();
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
  readonly #gitRequests = counter(this.registry, "gitRequests");
  readonly #gitDuration = histogram(this.registry, "gitDuration");
  readonly #apiRequests = counter(this.registry, "apiRequests");
  readonly #apiDuration = histogram(this.registry, "apiDuration");
  readonly #events = counter(this.registry, "events");
  #probes: Probes | undefined;

  constructor(options: MetricsOptions) {
    collectApplications(this.registry, this.#tracked, options.now);
    if (options.argocd) collectArgocdInfo(this.registry, this.#tracked);
    collected(this.registry, "queueDepth", (set) => {
      if (this.#probes !== undefined) set({}, this.#probes.queueDepth());
    });
    collected(this.registry, "watchAge", (set) => {
      for (const { resource, seconds } of this.#probes?.watchAges() ?? [])
        set({ resource }, seconds);
    });
    collected(this.registry, "build", (set) => set({ version: options.version }, 1));
    if (options.process !== false)
      collectDefaultMetrics({
        register: this.registry,
        eventLoopMonitoringPrecision: eventLoopResolution,
      });
  }

  /** From now on these answer for the queue and the watches. */
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

  observeStage(stage: Stage, seconds: number): void {
    this.#stageDuration.observe({ stage }, seconds);
  }

  /** A run is over: how long it took, and what stopped it as a whole. */
  observeRun(application: Application, seconds: number, problem?: Problem): void {
    const labels = nameOf(application);
    this.#reconcileDuration.observe(seconds);
    this.#reconciles.inc({ ...labels, result: problem?.retry ?? "success" });
    if (problem !== undefined) this.#problems.inc({ ...labels, code: problem.code });
  }

  /** What a run did: once for each run, never for a report that is only told again. */
  observeReport(application: Application, report: Report): void {
    const labels = nameOf(application);
    for (const { outcome, problem } of report.objects) {
      if (writes.includes(outcome)) this.#applies.inc({ ...labels, result: outcome });
      if (outcome === "pruned") this.#prunes.inc(labels);
      if (outcome === "healed") this.#heals.inc(labels);
      if (problem !== undefined) this.#problems.inc({ ...labels, code: problem.code });
    }
  }

  /** From the watch event that told of a drift to the answer of the apply that undid it. */
  healed(seconds: number): void {
    this.#healLatency.observe(seconds);
  }

  eventRecorded(result: "written" | "lost"): void {
    this.#events.inc({ result });
  }

  /**
   * The application as it is now. Deployments are counted from the difference to the status
   * that was set before, or, the first time, to the one that the application came with.
   */
  setApplication(application: Application, status: ApplicationStatus): void {
    const key = applicationKey(application);
    const labels = nameOf(application);
    const known = this.#tracked.get(key);
    const previous = known?.status ?? application.status;
    const delivery = deliveryOf(previous, status);
    for (const result of delivery.results) this.#deployments.inc({ ...labels, result });
    if (delivery.leadTime !== undefined) this.#leadTime.observe(labels, delivery.leadTime);
    const outage = known?.outage ?? outageOf(previous);
    const restored = outage === undefined ? undefined : restoredAfter(outage, status);
    if (restored !== undefined) this.#timeToRestore.observe(labels, restored);
    this.#tracked.set(key, {
      application,
      status,
      outage: restored === undefined ? (outage ?? outageOf(status)) : undefined,
    });
  }

  /** The application is gone: so are all its series. */
  forget(application: { namespace: string; name: string }): void {
    const labels = nameOf(application);
    this.#tracked.delete(applicationKey(application));
    for (const result of runResults) this.#reconciles.remove({ ...labels, result });
    for (const code of Object.keys(catalogue)) this.#problems.remove({ ...labels, code });
    for (const result of writes) this.#applies.remove({ ...labels, result });
    for (const result of deploymentResults) this.#deployments.remove({ ...labels, result });
    for (const metric of [this.#prunes, this.#heals, this.#leadTime, this.#timeToRestore])
      metric.remove(labels);
  }
}

function nameOf({ namespace, name }: { namespace: string; name: string }): {
  namespace: string;
  name: string;
} {
  return { namespace, name };
}
