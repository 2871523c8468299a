import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, manifest } from "./harness/manifests.ts";
import { type Sample, total } from "./harness/metrics.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ controller: { flags: ["--argocd-metrics"] } });
});
afterAll(() => world?.stop());

const files = { "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })) };
const metrics = () => world.controller.metrics();
const labelsOf = (samples: readonly Sample[], name: string) =>
  samples.filter((sample) => sample.name === name).map(({ labels }) => labels);

test("metrics tell sync, health, objects, durations, applies, prunes, heals, Git, API, queue and watches", async () => {
  const tenant = await world.createTenant("measured");
  const app = await tenant.application("shop", {
    files: { ...files, "deploy/old.yaml": manifest(configMap("old", {})) },
    spec: { owner: "team-blue", runbook: "https://runbooks.example/shop" },
  });
  await app.ready();
  await world.api.patch("ConfigMap", "measured", "settings", { data: { colour: "red" } });
  await app.until("the heal", ({ status }) => Boolean(status?.lastDrift?.healed));
  await app.deploy({ "deploy/old.yaml": null });
  await app.refresh();

  const samples = await metrics();
  const of = (name: string, labels: Record<string, string> = {}) =>
    total(samples, name, { ...app.labels, ...labels });
  expect(of("mooring_application_sync_state", { state: "Synced" })).toBe(1);
  expect(of("mooring_application_health_state", { state: "Healthy" })).toBe(1);
  expect(of("mooring_application_objects", { state: "total" })).toBe(1);
  expect(of("mooring_application_condition", { type: "Ready" })).toBe(1);
  expect(of("mooring_application_condition", { type: "Stalled" })).toBe(0);
  expect(of("mooring_applies_total", { result: "created" })).toBe(2);
  expect(of("mooring_prunes_total")).toBe(1);
  expect(of("mooring_heals_total")).toBe(1);
  expect(of("mooring_deployments_total", { result: "healthy" })).toBe(2);
  expect(of("mooring_reconciles_total", { result: "success" })).toBeGreaterThan(2);
  expect(labelsOf(samples, "mooring_application_info")).toMatchObject([{ owner: "team-blue" }]);
  for (const stage of ["fetch", "render", "plan", "apply"])
    expect(total(samples, "mooring_stage_duration_seconds_count", { stage })).toBeGreaterThan(0);
  for (const operation of ["ls-refs", "fetch"])
    expect(
      total(samples, "mooring_git_requests_total", { operation, result: "success" }),
    ).toBeGreaterThan(0);
  expect(total(samples, "mooring_api_requests_total", { verb: "apply", code: "201" })).toBe(2);
  const names = new Set(samples.map(({ name }) => name));
  for (const name of [
    "mooring_queue_depth",
    "mooring_watch_age_seconds",
    "mooring_heal_latency_seconds_count",
    "mooring_reconcile_duration_seconds_count",
    "mooring_build_info",
    "mooring_event_loop_delay_seconds",
    "process_resident_memory_bytes",
  ])
    expect(names).toContain(name);
  expect(labelsOf(samples, "mooring_watch_age_seconds")).toContainEqual({ resource: "ConfigMap" });
});

test("alerts on argocd_app_info go on working", async () => {
  const tenant = await world.createTenant("argo");
  const app = await tenant.application("shop", { files, spec: { selfHeal: false } });
  await app.ready();
  const info = async () =>
    labelsOf(await metrics(), "argocd_app_info").filter(
      ({ dest_namespace }) => dest_namespace === "argo",
    );
  expect(await info()).toMatchObject([
    {
      name: "shop",
      project: "default",
      sync_status: "Synced",
      health_status: "Healthy",
      repo: world.git.url("argo/shop"),
    },
  ]);
  await world.api.patch("ConfigMap", "argo", "settings", { data: { colour: "red" } });
  await app.condition("Drifted", "True");
  expect(await info()).toMatchObject([{ sync_status: "OutOfSync" }]);
});

test("an application that is gone leaves no series behind", async () => {
  const tenant = await world.createTenant("leaving");
  const app = await tenant.application("shop", { files });
  await app.ready();
  const mine = async () => (await metrics()).filter(({ labels }) => labels.namespace === "leaving");
  expect((await mine()).length).toBeGreaterThan(5);
  await app.delete();
  await app.gone();
  await waitFor("its series to go", mine, (left) => left.length === 0);
});

test("Events carry the owner and the runbook, and are told on transitions only", async () => {
  const tenant = await world.createTenant("events");
  const runbook = "https://runbooks.example/shop";
  const app = await tenant.application("shop", { files, spec: { owner: "team-blue", runbook } });
  await app.ready();
  await app.refresh();
  const events = await waitFor(
    "two Events",
    () => app.events(),
    ({ length }) => length >= 2,
  );
  expect(events.map(({ reason }) => reason).sort()).toEqual(["Healthy", "Synced"]);
  for (const { metadata } of events)
    expect(metadata.annotations).toMatchObject({
      "mooring.dev/owner": "team-blue",
      "mooring.dev/runbook": runbook,
    });
});

test("healthz and readyz answer, and SIGTERM ends it with 0 and gives the Lease away", async () => {
  expect((await world.controller.probe("/healthz")).status).toBe(200);
  expect((await world.controller.probe("/readyz")).status).toBe(200);
  expect((await world.controller.probe("/nothing")).status).toBe(404);
  const holders = async () =>
    (await world.api.list("Lease", "mooring-system")).map(({ spec }) => spec.holderIdentity);
  expect(await holders()).toContain(world.controller.identity);
  expect(await world.controller.end("SIGTERM")).toBe(0);
  expect(await holders()).not.toContain(world.controller.identity);
  expect(await world.controller.log()).toContain('"msg":"stopped"');
  world.controller = await world.controllers.start();
});
