/**
 * Every metric of Mooring, once: the registry is built from this table, and so is the page of the reference.
 *
 * States are one series an application, whose label says which: alert on `... == 1`, count with
 * `count by (state)`. One series for each possible state would be six times as many, for zeros.
 * Labels are bounded: by the number of applications, by closed sets, by the cluster's kinds.
 * State is told only by the replica that holds the Lease of the application's shard: two replicas
 * never say two things of one application. One that is gone leaves no series.
 * `owner` and `runbook` are on the info metric alone; join it with `group_left`.
 */

/**
 * Series of one application. `usual`: deployed, healthy, with a Secret. `most`: whatever happened
 * to it, every code and every tool included. Besides them there are some hundred of the process,
 * of the API's verbs and of the kinds that are watched. A test holds 1,000 applications to it.
 */
export const seriesPerApplication = { usual: 40, most: 300 } as const;

export interface MetricDefinition {
  name: string;
  type: "gauge" | "counter" | "histogram";
  labels: readonly string[];
  help: string;
  /** Upper bounds in seconds; histograms only. */
  buckets?: readonly number[];
}

const app = ["namespace", "name"] as const;

/** From a warm in-process step to a hung server. */
const work = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** From a minute to a month. */
const delivery = [60, 300, 900, 3600, 14400, 86400, 604800, 2592000];

export const metricCatalogue = {
  info: {
    name: "mooring_application_info",
    type: "gauge",
    labels: [...app, "project", "mode", "repo", "owner", "runbook"],
    help: "1 for each Application; what its labels say of it.",
  },
  syncState: {
    name: "mooring_application_sync_state",
    type: "gauge",
    labels: [...app, "state"],
    help: "1; state is Synced, OutOfSync or Unknown.",
  },
  healthState: {
    name: "mooring_application_health_state",
    type: "gauge",
    labels: [...app, "state"],
    help: "1; state is Healthy, Suspended, Progressing, Missing, Degraded or Unknown.",
  },
  condition: {
    name: "mooring_application_condition",
    type: "gauge",
    labels: [...app, "type", "reason"],
    help: "Conditions Ready and Stalled: 1 True, 0 False, -1 Unknown; with their reason.",
  },
  objects: {
    name: "mooring_application_objects",
    type: "gauge",
    labels: [...app, "state"],
    help: "Objects of the Application by state: total, synced, healthy, drifted, failed.",
  },
  driftAge: {
    name: "mooring_application_drift_age_seconds",
    type: "gauge",
    labels: [...app, "manager"],
    help: "For how long the Application has been drifted; absent while it is not. manager did it; empty or unknown where managedFields do not tell, as of a deletion, or of what a commit made different in mode warn or observe.",
  },
  heldPrune: {
    name: "mooring_application_held_prune_objects",
    type: "gauge",
    labels: app,
    help: "Objects whose deletion waits for an approval; absent when none.",
  },
  currentProblems: {
    name: "mooring_application_problems",
    type: "gauge",
    labels: [...app, "code"],
    help: "Problems that there are now, by code of the catalogue: of the run as a whole, and of the first 20 objects that are not fine; absent when none, and while suspended.",
  },
  interval: {
    name: "mooring_application_interval_seconds",
    type: "gauge",
    labels: app,
    help: "How often the source is to be asked: spec.interval; absent while suspended.",
  },
  lastReconcile: {
    name: "mooring_application_last_reconcile_timestamp_seconds",
    type: "gauge",
    labels: app,
    help: "When what the status says was last known to be so (seconds since 1970): at rest the last look at the source, else the end of the last run; absent while suspended.",
  },
  secretAge: {
    name: "mooring_secret_age_seconds",
    type: "gauge",
    labels: [...app, "secret"],
    help: "For how long the data of the Secret in secretRef has not been written, as far as its managedFields tell: it may be older, never younger.",
  },
  problems: {
    name: "mooring_problems_total",
    type: "counter",
    labels: [...app, "code"],
    help: "Problems that began, by code of the catalogue: of runs as a whole, and of the first objects that are not fine. A retry is no new one.",
  },
  reconciles: {
    name: "mooring_reconciles_total",
    type: "counter",
    labels: [...app, "result"],
    help: "Runs by result: success, transient, terminal, blocked (what stopped the run as a whole).",
  },
  reconcileDuration: {
    name: "mooring_reconcile_duration_seconds",
    type: "histogram",
    labels: [],
    help: "Duration of a run, from leaving the queue to its status.",
    buckets: work,
  },
  stageDuration: {
    name: "mooring_stage_duration_seconds",
    type: "histogram",
    labels: ["stage"],
    help: "Duration of one stage of a run: fetch, render, plan, apply.",
    buckets: work,
  },
  applies: {
    name: "mooring_applies_total",
    type: "counter",
    labels: [...app, "result"],
    help: "Objects that a run meant to write, by what became of them: created, configured, healed, adopted, refused, failed, deferred.",
  },
  prunes: {
    name: "mooring_prunes_total",
    type: "counter",
    labels: app,
    help: "Objects deleted because the source no longer has them.",
  },
  heals: {
    name: "mooring_heals_total",
    type: "counter",
    labels: app,
    help: "Objects whose drift was undone.",
  },
  healLatency: {
    name: "mooring_heal_latency_seconds",
    type: "histogram",
    labels: [],
    help: "From the watch event that told of a drift to the answer of the apply that undid it.",
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
  },
  deployments: {
    name: "mooring_deployments_total",
    type: "counter",
    labels: [...app, "result"],
    help: "Deployed revisions once their result is known: healthy, failed, superseded. The rate is the deployment frequency, the share of failed the failed-change share.",
  },
  leadTime: {
    name: "mooring_deployment_lead_time_seconds",
    type: "histogram",
    labels: app,
    help: "From the commit to the first time that all of it was applied and healthy.",
    buckets: delivery,
  },
  timeToRestore: {
    name: "mooring_time_to_restore_seconds",
    type: "histogram",
    labels: app,
    help: "From the first time that the Application was not healthy to its recovery, where it was Degraded or Missing meanwhile.",
    buckets: delivery,
  },
  renders: {
    name: "mooring_renders_total",
    type: "counter",
    labels: [...app, "tool", "result"],
    help: "Renders by tool (directory, kustomize, helm; unknown where the path is not there) and result: rendered, cached (nothing that was read had changed), unchanged (nor had the objects to be made again), aborted, or the code of the problem.",
  },
  renderDuration: {
    name: "mooring_render_duration_seconds",
    type: "histogram",
    labels: ["tool"],
    help: "Duration of renders that were neither cached nor unchanged, waiting included.",
    buckets: work,
  },
  renderWait: {
    name: "mooring_render_wait_seconds",
    type: "histogram",
    labels: ["tool"],
    help: "How long kustomize and Helm waited for a thread.",
    buckets: work,
  },
  renderThreads: {
    name: "mooring_render_threads",
    type: "gauge",
    labels: ["state"],
    help: "Threads of kustomize and Helm by state: busy, idle. None while there was no work for a while.",
  },
  renderQueueDepth: {
    name: "mooring_render_queue_depth",
    type: "gauge",
    labels: [],
    help: "Renders that wait for a thread.",
  },
  renderCacheBytes: {
    name: "mooring_render_cache_bytes",
    type: "gauge",
    labels: [],
    help: "About how much memory is taken by what was rendered before.",
  },
  gitRequests: {
    name: "mooring_git_requests_total",
    type: "counter",
    labels: ["operation", "result"],
    help: "Requests to Git remotes by operation and result: success, or the code of the problem.",
  },
  gitDuration: {
    name: "mooring_git_request_duration_seconds",
    type: "histogram",
    labels: ["operation"],
    help: "Duration of requests to Git remotes.",
    buckets: work,
  },
  apiRequests: {
    name: "mooring_api_requests_total",
    type: "counter",
    labels: ["verb", "code"],
    help: "Requests to the Kubernetes API by verb and HTTP status; code is error when there was no answer.",
  },
  apiDuration: {
    name: "mooring_api_request_duration_seconds",
    type: "histogram",
    labels: ["verb"],
    help: "Duration of requests to the Kubernetes API, watches left out.",
    buckets: work,
  },
  events: {
    name: "mooring_events_total",
    type: "counter",
    labels: ["result"],
    help: "Events by whether they could be written: written, lost.",
  },
  shardHeld: {
    name: "mooring_shard_held",
    type: "gauge",
    labels: ["shard"],
    help: "Whether this replica holds the Lease of the shard, and may write: 1 or 0. Exactly one replica says 1.",
  },
  eventLoopDelay: {
    name: "mooring_event_loop_delay_seconds",
    type: "gauge",
    labels: ["quantile"],
    help: "How late the event loop was since the last scrape: median, 99th percentile, worst.",
  },
  queueDepth: {
    name: "mooring_queue_depth",
    type: "gauge",
    labels: [],
    help: "Applications that wait for a worker.",
  },
  watchAge: {
    name: "mooring_watch_age_seconds",
    type: "gauge",
    labels: ["resource"],
    help: "Seconds since a watch last told anything, bookmarks included. Past a few minutes it is deaf.",
  },
  build: {
    name: "mooring_build_info",
    type: "gauge",
    labels: ["version"],
    help: "1; the version of Mooring.",
  },
  argocdInfo: {
    name: "argocd_app_info",
    type: "gauge",
    labels: [
      ...app,
      "project",
      "autosync_enabled",
      "repo",
      "dest_server",
      "dest_namespace",
      "sync_status",
      "health_status",
      "operation",
    ],
    help: "As Argo CD has it, so that alerts on it go on working. Only with --argocd-metrics.",
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof metricCatalogue;

/** The table of docs/reference/metrics.md. Besides there are prom-client's process_* and nodejs_* metrics. */
export function metricTable(): string {
  const rows = Object.values<MetricDefinition>(metricCatalogue).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help} |`,
  );
  return ["| metric | type | labels | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
