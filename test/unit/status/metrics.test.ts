import { describe, expect, test } from "vitest";
import type { Application, ApplicationStatus } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import { nextStatus, type StatusInput } from "../../../src/status/conditions.ts";
import { Metrics, metricCatalogue, metricTable, type Probes } from "../../../src/status/metrics.ts";
import {
  application,
  commit,
  deployment,
  first,
  later,
  object,
  report,
  second,
} from "./fixtures.ts";

function metrics(options: { argocd?: boolean; process?: boolean; seconds?: number } = {}): Metrics {
  return new Metrics({
    version: "1.2.3",
    argocd: options.argocd ?? false,
    now: () => later(options.seconds ?? 0),
    process: options.process ?? false,
  });
}

/** The series of a metric, as text: `mooring_x{a="b"} 1`. */
async function series(of: Metrics, ...names: string[]): Promise<string[]> {
  const text = await of.registry.metrics();
  return text
    .split("\n")
    .filter((line) => !line.startsWith("#") && names.some((name) => line.startsWith(name)));
}

/** Runs an application through statuses, telling each to the metrics. */
class Line {
  status: ApplicationStatus = {};
  #seconds = 0;
  readonly #metrics: Metrics;
  readonly #spec: Record<string, unknown>;

  constructor(of: Metrics, spec: Record<string, unknown> = {}) {
    this.#metrics = of;
    this.#spec = spec;
  }

  get application(): Application {
    return application(this.#spec, { status: this.status });
  }

  run(input: Partial<StatusInput>, seconds = 10): void {
    this.#seconds += seconds;
    const next = nextStatus({
      application: this.application,
      now: later(this.#seconds),
      ...(input.revision === undefined ? {} : { commit: commit(input.revision) }),
      ...input,
    });
    this.#metrics.setApplication(this.application, next);
    this.status = next;
  }
}

const probes: Probes = {
  queueDepth: () => 0,
  watchAges: () => [],
  shards: () => [{ shard: 0, held: true }],
  shardOf: () => 0,
  watched: () => [],
  renderThreads: () => ({ busy: 0, idle: 0 }),
  renderQueueDepth: () => 0,
  renderCacheBytes: () => 0,
};

const fine = object("web", "unchanged");
const broken = object("web", "unchanged", { health: { state: "Degraded", message: "crash" } });
const app = 'namespace="team-a",name="shop"';

describe("the state of an application", () => {
  test("is one series for sync and one for health, whose label says which", async () => {
    const of = metrics();
    const line = new Line(of);
    line.run({ revision: first, report: report(first, broken) });
    expect(
      await series(of, "mooring_application_sync_state", "mooring_application_health_state"),
    ).toEqual([
      `mooring_application_sync_state{${app},state="Synced"} 1`,
      `mooring_application_health_state{${app},state="Degraded"} 1`,
    ]);
  });

  test("has owner and runbook on the info metric, and nowhere else", async () => {
    const of = metrics();
    new Line(of, { owner: "team-shop", runbook: "https://wiki.example/shop" }).run({});
    const [info] = await series(of, "mooring_application_info");
    expect(info).toContain('owner="team-shop",runbook="https://wiki.example/shop"');
    expect((await of.registry.metrics()).match(/team-shop/g)).toHaveLength(1);
  });

  test("counts objects, drift and its age, and held prunes", async () => {
    const of = metrics({ seconds: 70 });
    const drift = { fields: ["spec"], manager: "kubectl" };
    const held = { hash: "h", reason: "r", objects: [deployment("old"), deployment("older")] };
    const whole = { ...report(first, fine, object("api", "drifted", { drift })), held };
    new Line(of).run({ revision: first, report: whole });
    expect(
      await series(
        of,
        "mooring_application_objects",
        "mooring_application_drift",
        "mooring_application_held",
      ),
    ).toEqual([
      `mooring_application_objects{${app},state="total"} 2`,
      `mooring_application_objects{${app},state="synced"} 1`,
      `mooring_application_objects{${app},state="healthy"} 2`,
      `mooring_application_objects{${app},state="drifted"} 1`,
      `mooring_application_objects{${app},state="failed"} 0`,
      `mooring_application_drift_age_seconds{${app},manager="kubectl"} 60.5`,
      `mooring_application_held_prune_objects{${app}} 2`,
    ]);
  });

  test("counts the problems that there are now by code, and none while it is suspended", async () => {
    const of = metrics();
    const refused = (name: string, code: "Forbidden" | "ImmutableField") => ({
      ref: deployment(name),
      outcome: "refused" as const,
      problem: new Problem(code, "no", { object: deployment(name) }),
    });
    const line = new Line(of);
    const objects = [
      refused("a", "Forbidden"),
      refused("b", "Forbidden"),
      refused("c", "ImmutableField"),
    ];
    line.run({ revision: first, report: report(first, fine, ...objects) });
    expect((await series(of, "mooring_application_problems")).sort()).toEqual([
      `mooring_application_problems{${app},code="Forbidden"} 2`,
      `mooring_application_problems{${app},code="ImmutableField"} 1`,
    ]);
    line.run({ problem: new Problem("SourceUnreachable", "gone") });
    expect(await series(of, "mooring_application_problems")).toContain(
      `mooring_application_problems{${app},code="SourceUnreachable"} 1`,
    );
    const suspended = application({ suspend: true }, { status: line.status });
    of.setApplication(suspended, nextStatus({ application: suspended, now: later(60) }));
    expect(await series(of, "mooring_application_problems")).toEqual([]);
  });

  test("names the reason that it is not ready, or stalled", async () => {
    const of = metrics();
    new Line(of).run({ problem: new Problem("RevisionNotFound", "no branch") });
    expect(await series(of, "mooring_application_condition")).toEqual([
      `mooring_application_condition{${app},type="Ready",reason="RevisionNotFound"} 0`,
      `mooring_application_condition{${app},type="Stalled",reason="RevisionNotFound"} 1`,
    ]);
  });
});

describe("deliveries", () => {
  test("are counted by result, with lead time and time to restore", async () => {
    const of = metrics();
    const line = new Line(of);
    line.run({ revision: first, report: report(first, fine) });
    line.run({ revision: second, report: report(second, broken) });
    line.run({ revision: second, report: report(second, broken) }, 300);
    line.run({ revision: second, report: report(second, fine) }, 300);
    expect(await series(of, "mooring_deployments_total")).toEqual([
      `mooring_deployments_total{${app},result="healthy"} 1`,
      `mooring_deployments_total{${app},result="failed"} 1`,
      `mooring_deployments_total{${app},result="superseded"} 0`,
    ]);
    expect(
      await series(
        of,
        "mooring_deployment_lead_time_seconds_count",
        "mooring_time_to_restore_seconds_sum",
      ),
    ).toEqual([
      `mooring_deployment_lead_time_seconds_count{${app}} 2`,
      `mooring_time_to_restore_seconds_sum{${app}} 600`,
    ]);
  });

  test("of a commit that was delivered before have no lead time: a rollback, and its end", async () => {
    const of = metrics();
    const line = new Line(of);
    const back = first.slice(first.indexOf("@") + 1);
    for (const revision of [first, second, back, second])
      line.run({ revision, report: report(revision, fine) });
    expect(
      await series(of, "mooring_deployments_total", "mooring_deployment_lead_time_seconds_count"),
    ).toEqual([
      `mooring_deployments_total{${app},result="healthy"} 4`,
      `mooring_deployments_total{${app},result="failed"} 0`,
      `mooring_deployments_total{${app},result="superseded"} 0`,
      `mooring_deployment_lead_time_seconds_count{${app}} 2`,
    ]);
  });

  test("are not counted again by a restart, and an outage goes on through it", async () => {
    const before = new Line(metrics());
    before.run({ revision: first, report: report(first, fine) });
    before.run({ revision: first, report: report(first, broken) });
    const of = metrics();
    of.setApplication(before.application, before.status);
    for (const line of await series(of, "mooring_deployments_total")) expect(line).toMatch(/ 0$/);
    const healed = nextStatus({
      application: before.application,
      now: later(120),
      revision: first,
      report: report(first, fine),
    });
    of.setApplication(before.application, healed);
    expect(await series(of, "mooring_time_to_restore_seconds_sum")).toEqual([
      `mooring_time_to_restore_seconds_sum{${app}} 100`,
    ]);
  });
});

test("a problem is counted when it begins, of the run and of objects, not with every try", async () => {
  const of = metrics();
  const line = new Line(of);
  const problem = new Problem("Forbidden", "no", { object: deployment("role") });
  const refused = { ref: deployment("role"), outcome: "refused" as const, problem };
  for (let attempt = 0; attempt < 3; attempt++)
    line.run({ problem: new Problem("SourceUnreachable", "gone") });
  for (let attempt = 0; attempt < 3; attempt++)
    line.run({ revision: first, report: report(first, fine, refused) });
  expect(await series(of, "mooring_problems_total")).toEqual([
    `mooring_problems_total{${app},code="SourceUnreachable"} 1`,
    `mooring_problems_total{${app},code="Forbidden"} 1`,
  ]);
});

test("what runs did is counted by result", async () => {
  const of = metrics();
  of.observeReport(
    application(),
    report(first, object("a", "created"), object("b", "healed"), fine),
  );
  of.observeReport(application(), report(first, object("c", "pruned"), object("d", "pruned")));
  of.healed(0.02);
  of.observeRun(application(), 0.5);
  of.observeRun(application(), 0.5, new Problem("Forbidden", "no"));
  expect(
    await series(
      of,
      "mooring_applies_total",
      "mooring_prunes_total",
      "mooring_heals_total",
      "mooring_heal_latency_seconds_sum",
      "mooring_reconciles_total",
      "mooring_reconcile_duration_seconds_count",
    ),
  ).toEqual([
    `mooring_reconciles_total{${app},result="success"} 1`,
    `mooring_reconciles_total{${app},result="blocked"} 1`,
    "mooring_reconcile_duration_seconds_count 2",
    `mooring_applies_total{${app},result="created"} 1`,
    `mooring_applies_total{${app},result="healed"} 1`,
    `mooring_prunes_total{${app}} 2`,
    `mooring_heals_total{${app}} 1`,
    "mooring_heal_latency_seconds_sum 0.02",
  ]);
});

test("requests, stages, queue and watches are told", async () => {
  const of = metrics();
  of.observeRequest({ verb: "apply", code: 200, seconds: 0.01 });
  of.observeRequest({ verb: "apply", seconds: 5 });
  of.observeRequest({ verb: "watch", code: 200, seconds: 600 });
  of.observeGit({ operation: "ls-refs", seconds: 0.1 });
  of.observeGit({ operation: "fetch", code: "SourceUnreachable", seconds: 30 });
  of.observeStage("render", 0.02);
  of.eventRecorded("lost");
  of.observeRender(application(), { tool: "helm", work: "rendered", result: "ok", seconds: 0.03 });
  of.observeRender(application(), {
    tool: "helm",
    work: "unchanged",
    result: "ok",
    seconds: 0.001,
  });
  of.observeRender(application(), {
    tool: "kustomize",
    work: "rendered",
    result: "InvalidManifest",
    seconds: 0.1,
  });
  of.renderWaited("helm", 0.002);
  of.probe({
    ...probes,
    queueDepth: () => 7,
    watchAges: () => [{ resource: "Deployment.apps", seconds: 3 }],
    renderThreads: () => ({ busy: 2, idle: 1 }),
    renderQueueDepth: () => 4,
    renderCacheBytes: () => 1024,
  });
  const lines = await series(of, "mooring_");
  for (const expected of [
    'mooring_api_requests_total{verb="apply",code="200"} 1',
    'mooring_api_requests_total{verb="apply",code="error"} 1',
    'mooring_api_requests_total{verb="watch",code="200"} 1',
    'mooring_api_request_duration_seconds_count{verb="apply"} 2',
    'mooring_git_requests_total{operation="ls-refs",result="success"} 1',
    'mooring_git_requests_total{operation="fetch",result="SourceUnreachable"} 1',
    'mooring_stage_duration_seconds_count{stage="render"} 1',
    'mooring_events_total{result="lost"} 1',
    `mooring_renders_total{${app},tool="helm",result="rendered"} 1`,
    `mooring_renders_total{${app},tool="helm",result="unchanged"} 1`,
    `mooring_renders_total{${app},tool="kustomize",result="InvalidManifest"} 1`,
    'mooring_render_duration_seconds_count{tool="helm"} 1',
    'mooring_render_duration_seconds_count{tool="kustomize"} 1',
    'mooring_render_wait_seconds_count{tool="helm"} 1',
    'mooring_render_threads{state="busy"} 2',
    'mooring_render_threads{state="idle"} 1',
    "mooring_render_queue_depth 4",
    "mooring_render_cache_bytes 1024",
    "mooring_queue_depth 7",
    'mooring_watch_age_seconds{resource="Deployment.apps"} 3',
    'mooring_build_info{version="1.2.3"} 1',
  ])
    expect(lines).toContain(expected);
  expect(lines.join("\n")).not.toContain('duration_seconds_count{verb="watch"}');
});

test("an application that is gone leaves no series, also when a run of its ends late", async () => {
  const of = metrics({ argocd: true });
  const line = new Line(of, { owner: "team-shop" });
  const tell = () => {
    line.run({ revision: first, report: report(first, broken) });
    line.run({ revision: first, report: report(first, fine, object("b", "healed")) });
    of.observeReport(line.application, report(first, object("a", "healed"), object("b", "pruned")));
    of.observeRun(line.application, 1, new Problem("Forbidden", "no"));
  };
  tell();
  expect((await series(of, "")).filter((text) => text.includes("shop")).length).toBeGreaterThan(15);
  of.forget(line.application);
  tell();
  expect((await series(of, "")).filter((text) => text.includes("shop"))).toEqual([]);
  const again = application({}, { uid: "another" });
  of.setApplication(again, line.status);
  expect(await series(of, "mooring_application_info")).toHaveLength(1);
});

test("only the replica that holds the Lease of an application's shard tells of its state", async () => {
  const of = metrics({ argocd: true });
  new Line(of).run({ revision: first, report: report(first, fine) });
  let held = true;
  of.probe({
    ...probes,
    shards: () => [
      { shard: 0, held: !held },
      { shard: 1, held },
    ],
    shardOf: () => 1,
  });
  const told = async () => (await series(of, "mooring_application_", "argocd_")).length;
  expect(await told()).toBeGreaterThan(5);
  held = false;
  expect(await told()).toBe(0);
  expect(await series(of, "mooring_shard_held")).toEqual([
    'mooring_shard_held{shard="0"} 1',
    'mooring_shard_held{shard="1"} 0',
  ]);
  held = true;
  expect(await told()).toBeGreaterThan(5);
});

test("how current an application is, how often it is looked at, and how old its Secret is, are told", async () => {
  const of = metrics({ seconds: 100 });
  const nowSeconds = later(100).getTime() / 1000;
  of.probe({
    ...probes,
    watched: () => [
      {
        namespace: "team-a",
        name: "shop",
        intervalSeconds: 20,
        reconciledAt: nowSeconds - 7,
        secret: { name: "robot", writtenAt: nowSeconds - 86_400 },
      },
    ],
  });
  expect(
    await series(
      of,
      "mooring_application_interval",
      "mooring_application_last_reconcile",
      "mooring_secret_age",
    ),
  ).toEqual([
    `mooring_application_interval_seconds{${app}} 20`,
    `mooring_application_last_reconcile_timestamp_seconds{${app}} ${nowSeconds - 7}`,
    `mooring_secret_age_seconds{${app},secret="robot"} 86400`,
  ]);
});

test("argocd_app_info has Argo CD's labels and is there only by the flag", async () => {
  const url = "https://bot:Sentinel@git.example/shop.git";
  const spec = { source: { git: { url } }, destination: { namespace: "shop" } };
  const of = metrics({ argocd: true });
  new Line(of, spec).run({ revision: first, report: report(first, object("a", "drifted")) });
  expect(await series(of, "argocd_app_info")).toEqual([
    `argocd_app_info{${app},project="default",autosync_enabled="true",repo="https://***@git.example/shop.git",dest_server="https://kubernetes.default.svc",dest_namespace="shop",sync_status="OutOfSync",health_status="Healthy",operation=""} 1`,
  ]);
  const without = metrics();
  new Line(without, spec).run({});
  expect(await without.registry.metrics()).not.toContain("argocd_app_info");
});

test("the catalogue is what is offered: names, types, labels, help", async () => {
  const of = metrics({ argocd: true, process: true });
  const offered = (await of.registry.getMetricsAsJSON())
    .map(({ name, type, help }) => ({ name, type: String(type), help }))
    .filter(({ name }) => !/^(process|nodejs)_/.test(name));
  const catalogued = Object.values(metricCatalogue).map(({ name, type, help }) => ({
    name,
    type,
    help,
  }));
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  expect(offered.sort(byName)).toEqual(catalogued.sort(byName));
  for (const { name } of catalogued) expect(metricTable()).toContain(`\`${name}\``);
});

test("the process and the event loop's delay are told too", async () => {
  const text = await metrics({ process: true }).registry.metrics();
  expect(text).toMatch(/mooring_event_loop_delay_seconds\{quantile="0.99"\} [0-9.e-]+/);
  expect(text).not.toContain("nodejs_eventloop_lag_p99");
  expect(text).toContain("process_cpu_seconds_total");
});
