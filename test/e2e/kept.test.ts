import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, manifest } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);

afterAll(async () => {
  await world?.stop();
});

const kept = manifest({
  ...configMap("ledger", { entries: "1" }),
  metadata: { name: "ledger", annotations: { "helm.sh/resource-policy": "keep" } },
});
const files = { "deploy/a.yaml": manifest(configMap("settings", {})), "deploy/ledger.yaml": kept };
const partOf = "applyset.kubernetes.io/part-of";

test("an object with helm.sh/resource-policy: keep is let go, not deleted, when its file goes", async () => {
  const tenant = await world.createTenant("kept");
  const app = await tenant.application("shop", { files });
  await app.ready();
  const before = await world.api.read("ConfigMap", "kept", "ledger");
  expect(before.metadata.labels).toHaveProperty([partOf]);

  await app.deploy({ "deploy/ledger.yaml": null });
  await app.told("Orphaned");
  const after = await world.api.read("ConfigMap", "kept", "ledger");
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.data).toEqual({ entries: "1" });
  expect(after.metadata.labels ?? {}).not.toHaveProperty([partOf]);
  expect((await app.get()).status?.objects?.total).toBe(1);

  // Nobody's: it is adopted like any other when it comes back.
  await app.deploy({ "deploy/ledger.yaml": kept });
  const again = await world.api.read("ConfigMap", "kept", "ledger");
  expect(again.metadata.uid).toBe(before.metadata.uid);
  expect(again.metadata.labels).toHaveProperty([partOf]);
});

test("and when its Application is deleted", async () => {
  const tenant = await world.createTenant("kept-on-deletion");
  const app = await tenant.application("shop", { files });
  await app.ready();
  await app.delete();
  await app.gone();
  const names = (await world.api.list("ConfigMap", "kept-on-deletion")).map(
    ({ metadata }) => metadata.name,
  );
  expect(names).toEqual(["ledger"]);
});
