/** What is alerted on, drawn and documented is what a controller tells; and what it tells is documented. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../src/model/object.ts";
import { valueWrittenAt } from "../../src/reconcile/secret-age.ts";
import { type MetricDefinition, metricCatalogue } from "../../src/status/metrics/catalogue.ts";
import { dashboards, expressionsOf } from "../contract/monitoring/dashboards.ts";
import { promtool, shippedRules } from "../contract/monitoring/promtool.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { configMap, manifest, secret } from "./harness/manifests.ts";
import { type Sample, total } from "./harness/metrics.ts";
import { namedMetrics } from "./harness/named-metrics.ts";
import { chart, configMapTemplate, kustomization } from "./harness/sources.ts";
import type { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

/** A Lease that a slow machine does not lose, and that a standby asks for often. */
const flags = ["--argocd-metrics", "--lease-duration", "10m", "--lease-renew", "500ms"];

let world: World;
let tenant: Tenant;
let samples: Sample[];
beforeAll(async () => {
  world = await startWorld({ controller: { flags } });
  tenant = await world.createTenant("team-a");
  await Promise.all([rendered(), healed(), restored(), held(), refused(), withSecret()]);
  await drifted();
  samples = await world.controller.metrics();
});
afterAll(() => world?.stop());

const map = (name: string, data: Record<string, string> = { colour: "blue" }) => ({
  [`deploy/${name}.yaml`]: manifest(configMap(name, data)),
});

async function rendered(): Promise<void> {
  const charted = await tenant.application("charted", {
    files: chart("deploy", {
      name: "web",
      templates: { "c.yaml": configMapTemplate("charted", { colour: "blue" }) },
    }),
  });
  const overlaid = await tenant.application("overlaid", {
    files: kustomization(
      "deploy",
      { resources: ["c.yaml"] },
      { "c.yaml": manifest(configMap("overlaid", {})) },
    ),
  });
  await Promise.all([charted.ready(), overlaid.ready()]);
}

/** A drift that is undone, and an object that is pruned. */
async function healed(): Promise<void> {
  const app = await tenant.application("healed", { files: { ...map("healed"), ...map("extra") } });
  await app.ready();
  await world.api.patch("ConfigMap", "team-a", "healed", { data: { colour: "red" } });
  await app.until("the heal", ({ status }) => status?.lastDrift?.healed === true);
  await app.deploy({ "deploy/extra.yaml": null });
}

/** An object that is deleted is missing until selfHeal may bring it back. */
async function restored(): Promise<void> {
  const app = await tenant.application("restored", {
    files: map("restored"),
    spec: { selfHeal: false },
  });
  await app.ready();
  await world.api.delete("ConfigMap", "team-a", "restored");
  await app.condition("Healthy", "False", "Missing");
  await app.configure({ selfHeal: true });
  await app.ready();
}

async function held(): Promise<void> {
  const names = ["held-1", "held-2", "held-3", "held-4"];
  const files = Object.assign({}, ...names.map((name) => map(name)));
  const app = await tenant.application("held", { files });
  await app.ready();
  await app.push(Object.fromEntries(names.slice(1).map((name) => [`deploy/${name}.yaml`, null])));
  await app.condition("Stalled", "True", "PruneHeld");
}

async function refused(): Promise<void> {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "everything" },
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
  };
  const app = await tenant.application("refused", {
    files: { ...map("refused"), "deploy/role.yaml": manifest(role) },
  });
  await app.condition("Ready", "False", "Forbidden");
}

async function withSecret(): Promise<ApplicationHandle> {
  const robot = secret("robot", { username: "robot", password: "first" });
  await world.api.create({ ...robot, metadata: { ...robot.metadata, namespace: "team-a" } });
  const app = await tenant.application("private", {
    files: map("private"),
    spec: { source: { git: { secretRef: { name: "robot" } } } },
  });
  await app.ready();
  return app;
}

async function drifted(): Promise<void> {
  const app = await tenant.application("drifted", {
    files: map("drifted"),
    spec: { selfHeal: false, owner: "team-blue", runbook: "https://runbooks.example/shop" },
  });
  await app.ready();
  await world.api.patch(
    "ConfigMap",
    "team-a",
    "drifted",
    { data: { colour: "red" } },
    { manager: "kubectl-edit" },
  );
  await app.condition("Drifted", "True");
}

const all: readonly MetricDefinition[] = Object.values(metricCatalogue);
const seriesOf = ({ name, type }: MetricDefinition) =>
  type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];

test("every metric that alerts, dashboards, README and docs name is told", () => {
  const told = new Set(samples.map(({ name }) => name));
  for (const definition of all)
    if (seriesOf(definition).every((name) => told.has(name))) told.add(definition.name);
  const named = namedMetrics();
  expect(named.size).toBeGreaterThan(all.length);
  const untold = [...named].filter(([name]) => !told.has(name));
  expect(untold.map(([name, paths]) => `${name} in ${paths.join(", ")}`)).toEqual([]);
});

test("every metric of the catalogue is told, and no other of ours, each with its labels", () => {
  const known = new Map(all.flatMap((one) => seriesOf(one).map((name) => [name, one] as const)));
  const ours = samples.filter(({ name }) => /^(mooring|argocd)_/.test(name));
  const unknown = ours.filter(({ name }) => !known.has(name));
  expect([...new Set(unknown.map(({ name }) => name))]).toEqual([]);
  const told = new Set(ours.map(({ name }) => name));
  expect([...known.keys()].filter((name) => !told.has(name))).toEqual([]);
  for (const { name, labels } of ours) {
    const expected = [
      ...(known.get(name)?.labels ?? []),
      ...(name.endsWith("_bucket") ? ["le"] : []),
    ];
    expect(Object.keys(labels).sort(), name).toEqual(expected.sort());
  }
});

test("every panel of every dashboard shows something of it", async () => {
  const scraped = { job: "mooring", instance: "10.0.0.1:8080", pod: "mooring-0" };
  const series = ({ name, labels }: Sample) => {
    const all = { namespace: "mooring-system", ...labels, ...scraped };
    const text = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return `${name}{${text.join(",")}}`;
  };
  // A quiet watch is the one thing that a cluster in order does not have.
  const exprs = [...dashboards().values()]
    .flatMap(expressionsOf)
    .filter((expr) => !expr.endsWith("(mooring_watch_age_seconds) > 60"));
  const files = {
    "rules.yaml": await shippedRules(),
    "test.yaml": {
      rule_files: ["rules.yaml"],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: samples
            .filter(({ value }) => Number.isFinite(value))
            .map((sample) => ({ series: series(sample), values: `${sample.value}+0x20` })),
          promql_expr_test: [...new Set(exprs)].map((expr) => ({
            expr: `count(${expr}) > bool 0`,
            eval_time: "20m",
            exp_samples: [{ labels: "{}", value: 1 }],
          })),
        },
      ],
    },
  };
  const { passed, said } = await promtool(["test", "rules"], files, ["test.yaml"]);
  expect(passed, said).toBe(true);
});

test("the alerts have what they need: who drifted it, which codes, how old the Secret, how current", () => {
  const of = (name: string, app: string, labels: Record<string, string> = {}) =>
    total(samples, name, { namespace: "team-a", name: app, ...labels });
  const manager = { manager: "kubectl-edit" };
  expect(of("mooring_application_drift_age_seconds", "drifted", manager)).toBeGreaterThanOrEqual(0);
  expect(
    samples.some(
      ({ name, labels }) =>
        name === "mooring_application_drift_age_seconds" && labels.manager === "kubectl-edit",
    ),
  ).toBe(true);
  expect(of("mooring_application_problems", "refused", { code: "Forbidden" })).toBe(1);
  expect(of("mooring_application_held_prune_objects", "held")).toBe(3);
  expect(of("mooring_secret_age_seconds", "private", { secret: "robot" })).toBeLessThan(600);
  expect(of("mooring_application_interval_seconds", "private")).toBe(3600);
  const age =
    Date.now() / 1000 - of("mooring_application_last_reconcile_timestamp_seconds", "private");
  expect(age).toBeGreaterThan(-5);
  expect(age).toBeLessThan(600);
  expect(total(samples, "mooring_shard_held", { shard: "0" })).toBe(1);
});

test("the age of a Secret begins anew with its value, by whomever, and not with a label", async () => {
  const read = async () => (await world.api.read("Secret", "team-a", "robot")) as KubeObject;
  const before = valueWrittenAt(await read()) ?? 0;
  await waitFor(
    "a label to be written later than the value",
    () =>
      world.api.patch(
        "Secret",
        "team-a",
        "robot",
        { metadata: { labels: { looked: String(Date.now()) } } },
        { manager: "labeller" },
      ),
    ({ metadata }) =>
      (metadata.managedFields as unknown as { manager: string; time: string }[]).some(
        ({ manager, time }) => manager === "labeller" && Date.parse(time) > before,
      ),
  );
  expect(valueWrittenAt(await read())).toBe(before);
  // By the one who wrote it before: what its entry lists stays the same, and its time moves.
  const after = (await world.api.patch("Secret", "team-a", "robot", {
    data: { password: Buffer.from("second").toString("base64") },
  })) as KubeObject;
  expect(valueWrittenAt(after)).toBeGreaterThan(before);
});

test("a standby replica tells of no application, until it takes over", async () => {
  const standby = await world.controllers.start({ identity: "standby", flags });
  const states = async () =>
    (await standby.metrics()).filter(({ name }) => name.startsWith("mooring_application_")).length;
  expect(total(await standby.metrics(), "mooring_shard_held")).toBe(0);
  expect(await states()).toBe(0);
  await world.controller.end("SIGTERM");
  world.controller = standby;
  await waitFor(
    "it to tell of applications",
    async () => {
      const told = await standby.metrics();
      return told.filter(({ name }) => name === "mooring_application_info").length;
    },
    (count) => count > 0,
    120_000,
  );
  expect(total(await standby.metrics(), "mooring_shard_held")).toBe(1);
});
