import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf, type TestApplication } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const web = (tag: string) => ({
  "deploy/web.yaml": manifest(
    deployment("web", {
      replicas: 1,
      image: `example.com/app:${tag}`,
      // Short where the rollout is meant to fail, and only there.
      progressDeadlineSeconds: ["broken", "slow"].includes(tag) ? 3 : 600,
    }),
  ),
});
const files = (tag: string) => ({
  ...web(tag),
  "deploy/settings.yaml": manifest(configMap("settings", {})),
});

test.each(["broken", "slow"])(
  "pods of an image tagged :%s: Synced is True while Healthy is False and names the Deployment",
  async (tag) => {
    const tenant = await world.createTenant(tag);
    const app = await tenant.application("shop", { files: files(tag) });
    const { message } = await app.condition("Healthy", "False", "Degraded");
    expect(message).toContain(`Deployment.apps ${tag}/web`);
    const seen = await app.get();
    expect(conditionOf(seen, "Synced")?.status).toBe("True");
    expect(conditionOf(seen, "Ready")).toMatchObject({ status: "False", reason: "Degraded" });
    expect(seen.status).toMatchObject({
      sync: "Synced",
      health: "Degraded",
      objects: { total: 2, synced: 2, healthy: 1 },
      history: [{ result: "Failed" }],
    });
    expect(await app.told("Degraded")).toHaveLength(1);
    const labels = { ...app.labels, state: "Degraded" };
    expect(
      total(await world.controller.metrics(), "mooring_application_health_state", labels),
    ).toBe(1);
  },
);

test("a broken revision after a good one: Ready ends, and the history says which one failed", async () => {
  const tenant = await world.createTenant("regressed");
  const app = await tenant.application("shop", { files: files("1") });
  const first = await app.repository.resolve("main");
  await app.ready(first);
  const bad = await app.push(web("broken"));
  // An old success never answers for a newer revision.
  expect(conditionOf(await app.get(), "Ready")?.status).not.toBe("True");
  await app.condition("Healthy", "False", "Degraded");
  const versions = await world.api.watch("Application", "regressed");
  const reverted = await app.repository.revertHead();
  await app.refresh();
  const { status, metadata } = await app.ready(reverted);
  await waitFor("the watch to have told all of it", () =>
    versions.seen.some((seen) => seen.metadata.resourceVersion === metadata.resourceVersion),
  );
  versions.stop();
  // Until its pods are exchanged the Deployment says that the deadline of the rollout before was
  // exceeded: whether Mooring read it then, its status tells. The revert failed first, then.
  const accused = (versions.seen as TestApplication[]).some(({ status }) =>
    status?.history?.some(
      ({ revision, result }) => revision === `main@sha1:${reverted}` && result === "Failed",
    ),
  );
  expect(status?.history?.map(({ revision, result }) => [revision, result])).toEqual([
    [`main@sha1:${reverted}`, "Healthy"],
    [`main@sha1:${bad}`, "Failed"],
    [`main@sha1:${first}`, "Healthy"],
  ]);
  const metrics = await world.controller.metrics();
  const deployments = (result: string) =>
    total(metrics, "mooring_deployments_total", { ...app.labels, result });
  expect([deployments("healthy"), deployments("failed")]).toEqual(accused ? [1, 2] : [2, 1]);
  expect(total(metrics, "mooring_time_to_restore_seconds_count", app.labels)).toBe(1);
  expect(total(metrics, "mooring_deployment_lead_time_seconds_count", app.labels)).toBe(2);
});

test("a Deployment that recovers by itself makes the application Ready again", async () => {
  const tenant = await world.createTenant("recovered");
  const app = await tenant.application("shop", {
    files: files("broken"),
    spec: { selfHeal: false },
  });
  await app.condition("Healthy", "False", "Degraded");
  await app.deploy(web("2"));
  expect((await app.get()).status).toMatchObject({ health: "Healthy" });
});

test("Ready is not True while a rollout goes on", async () => {
  const tenant = await world.createTenant("rolling");
  const app = await tenant.application("shop", { files: files("1") });
  const first = await app.repository.resolve("main");
  await app.ready(first);
  const watch = await world.api.watch("Application", "rolling");
  const second = await app.deploy(web("2"));
  watch.stop();
  for (const seen of watch.seen) {
    const ready = (
      seen.status.conditions as { type: string; status: string; message: string }[]
    ).find(({ type }) => type === "Ready");
    if (ready?.status !== "True") continue;
    const isOf = (commit: string) => (seen.status.attemptedRevision as string).includes(commit);
    if (isOf(second)) expect(seen.status.objects).toMatchObject({ healthy: 2, synced: 2 });
    else expect(isOf(first)).toBe(true);
    expect(seen.status.revision).toBe(seen.status.attemptedRevision);
  }
});
