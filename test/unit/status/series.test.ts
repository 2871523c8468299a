/** How many series 1,000 applications make, whatever happens to them, and what they leave. */
import { describe, expect, test } from "vitest";
import type { Application, ApplicationStatus } from "../../../src/model/application.ts";
import { catalogue, Problem, type ProblemCode } from "../../../src/model/problem.ts";
import type { Outcome } from "../../../src/model/report.ts";
import { nextStatus, type StatusInput } from "../../../src/status/conditions.ts";
import { seriesPerApplication } from "../../../src/status/metrics/catalogue.ts";
import { Metrics } from "../../../src/status/metrics.ts";
import { application, commit, first, later, object, report, second } from "./fixtures.ts";

const codes = Object.keys(catalogue) as ProblemCode[];
const tools = ["directory", "kustomize", "helm", "unknown"];
const outcomes: Outcome[] = [
  ...(["created", "configured", "healed", "adopted"] as const),
  ...(["refused", "failed", "deferred", "pruned"] as const),
];

/** One application of a thousand, told of as the reconciler does. */
class Life {
  status: ApplicationStatus = {};
  #seconds = 0;
  readonly #metrics: Metrics;
  readonly #name: string;

  constructor(metrics: Metrics, name: string) {
    this.#metrics = metrics;
    this.#name = name;
  }

  get application(): Application {
    const spec = { owner: "team-shop", runbook: "https://wiki.example/shop" };
    return { ...application(spec, { uid: this.#name, status: this.status }), name: this.#name };
  }

  run(input: Partial<StatusInput>): void {
    this.#seconds += 60;
    const { application: app } = this;
    const next = nextStatus({
      application: app,
      now: later(this.#seconds),
      ...(input.revision === undefined ? {} : { commit: commit(input.revision) }),
      ...input,
    });
    if (input.report !== undefined) this.#metrics.observeReport(app, input.report);
    this.#metrics.observeRun(app, 0.1, input.problem);
    this.#metrics.setApplication(app, next);
    this.status = next;
  }

  deployed(): void {
    const { application: app } = this;
    const done = { tool: "kustomize", seconds: 0.1, result: "ok" };
    for (const work of ["rendered", "unchanged", "cached"] as const)
      this.#metrics.observeRender(app, { ...done, work });
    this.run({ revision: first, report: report(first, object("web", "created")) });
    this.run({ revision: first, report: report(first, object("web", "unchanged")) });
  }

  /** All that can happen: each code, each tool, each outcome, an outage, a held prune, drifts. */
  everything(): void {
    this.deployed();
    const { application: app } = this;
    for (const code of codes) this.run({ problem: new Problem(code, "no") });
    for (const tool of tools)
      for (const work of ["rendered", "cached", "unchanged"] as const)
        for (const result of ["ok", "aborted", ...codes])
          this.#metrics.observeRender(app, { tool, work, result, seconds: 0.1 });
    for (const outcome of outcomes)
      this.run({ revision: first, report: report(first, object("web", outcome)) });
    const sick = object("web", "unchanged", { health: { state: "Degraded", message: "crash" } });
    this.run({ revision: second, report: report(second, sick) });
    this.run({ revision: second, report: report(second, object("web", "unchanged")) });
    const held = { hash: "h", reason: "r", objects: [object("old", "unchanged").ref] };
    for (const manager of ["kubectl-edit", "kubectl-scale", "an-operator"]) {
      const drift = { fields: ["spec.replicas"], manager };
      const drifted = object("web", "drifted", { drift });
      const refused = codes.slice(0, 20).map((code) => {
        const made = object(`refused-${code}`, "refused");
        return { ...made, problem: new Problem(code, "no", { object: made.ref }) };
      });
      this.run({
        revision: second,
        report: { ...report(second, drifted, ...refused), held },
      });
    }
  }
}

function thousand(): { metrics: Metrics; lives: Life[] } {
  const metrics = new Metrics({
    version: "1.2.3",
    argocd: true,
    now: () => later(100_000),
    process: false,
  });
  const lives = Array.from({ length: 1_000 }, (_, n) => new Life(metrics, `shop-${n}`));
  metrics.probe({
    queueDepth: () => 0,
    watchAges: () => [],
    shards: () => [{ shard: 0, held: true }],
    shardOf: () => 0,
    *watched() {
      for (const { application: app } of lives)
        yield {
          namespace: app.namespace,
          name: app.name,
          intervalSeconds: 20,
          reconciledAt: 0,
          secret: { name: "robot", writtenAt: 0 },
        };
    },
    renderThreads: () => ({ busy: 0, idle: 0 }),
    renderQueueDepth: () => 0,
    renderCacheBytes: () => 0,
  });
  return { metrics, lives };
}

/** The most that one application has, all that they have together, and those that name none. */
async function seriesOf(metrics: Metrics): Promise<{ most: number; own: number; others: number }> {
  const byName = new Map<string, number>();
  let others = 0;
  for (const line of (await metrics.registry.metrics()).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name] = /name="(shop-\d+)"/.exec(line) ?? [];
    if (name === undefined) others += 1;
    else byName.set(name, (byName.get(name) ?? 0) + 1);
  }
  const counts = [...byName.values()];
  return {
    most: Math.max(0, ...counts),
    own: counts.reduce((sum, count) => sum + count, 0),
    others,
  };
}

describe("1,000 applications", () => {
  test("that are deployed and healthy make no more series than is said", async () => {
    const { metrics, lives } = thousand();
    for (const life of lives) life.deployed();
    const { most, own, others } = await seriesOf(metrics);
    expect(most).toBeLessThanOrEqual(seriesPerApplication.usual);
    expect(own).toBeGreaterThan(lives.length * 20);
    expect(others).toBeLessThan(200);
  });

  test("of which some go through everything stay below what is said, and a longer life adds none", async () => {
    const { metrics, lives } = thousand();
    for (const life of lives) life.deployed();
    const unlucky = lives.slice(0, 50);
    for (const life of unlucky) life.everything();
    const once = await seriesOf(metrics);
    expect(once.most).toBeLessThanOrEqual(seriesPerApplication.most);
    for (const life of unlucky.slice(0, 10)) life.everything();
    expect(await seriesOf(metrics)).toEqual(once);
  });

  test("leave nothing when they are deleted", async () => {
    const { metrics, lives } = thousand();
    for (const life of lives) life.deployed();
    for (const life of lives.slice(0, 20)) life.everything();
    for (const { application: gone } of lives.splice(0)) metrics.forget(gone);
    expect(await seriesOf(metrics)).toMatchObject({ own: 0 });
  });
});
