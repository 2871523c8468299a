import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import type { TestObject } from "./harness/kube-api.ts";
import { configMap, definition, deployment, manifest } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** Without nodes no Deployment becomes ready: Synced is what these tests wait for. */
async function install(
  namespace: string,
  objects: Readonly<Record<string, object>>,
  rights: readonly object[] = [],
): Promise<ApplicationHandle> {
  const tenant = await world.createTenant(namespace);
  if (rights.length > 0) await tenant.grantInCluster(rights);
  const files = Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [`deploy/${name}.yaml`, manifest(object)]),
  );
  const app = await tenant.application("shop", { files });
  await app.condition("Synced", "True");
  return app;
}

function configMaps(count: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`c${n}`, configMap(`c${n}`, { v: "1" })]),
  );
}

const removing = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`deploy/${name}.yaml`, null]));
const first = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`);

async function deletions(mark: number): Promise<string[]> {
  return (await world.audit.targetWritesSince(mark))
    .filter(({ verb }) => verb === "delete")
    .map(inWords)
    .sort();
}

test.each([
  { owned: 5, removed: 2, held: false, why: "fewer than three" },
  { owned: 10, removed: 3, held: false, why: "three, and not more than 30 %" },
  { owned: 9, removed: 3, held: true, why: "three, and more than 30 %" },
  { owned: 100, removed: 20, held: false, why: "not more than 20" },
  { owned: 100, removed: 21, held: true, why: "more than 20 at once, whatever their share" },
])("$removed of $owned objects ($why): held is $held", async ({ owned, removed, held }) => {
  const namespace = `share-${removed}-of-${owned}`;
  const app = await install(namespace, configMaps(owned));
  const mark = await world.audit.mark();
  const commit = await app.push(removing(...first(removed)));
  if (held) {
    await app.condition("Stalled", "True", "PruneHeld");
    expect((await app.get()).status?.heldPrune?.count).toBe(removed);
    expect(await deletions(mark)).toEqual([]);
  } else {
    await app.ready(commit);
    expect(await deletions(mark)).toEqual(
      first(removed)
        .map((name) => `delete configmaps ${namespace}/${name}`)
        .sort(),
    );
  }
});

test("the last workload is held, one of two is not", async () => {
  const objects = { one: deployment("one"), two: deployment("two"), ...configMaps(8) };
  const app = await install("workloads", objects);
  const mark = await world.audit.mark();
  await app.push(removing("one"));
  await app.until("it to be pruned", ({ status }) => status?.objects?.total === 9);
  expect(await deletions(mark)).toEqual(["delete deployments workloads/one"]);
  await app.push(removing("two"));
  const { message } = await app.condition("Stalled", "True", "PruneHeld");
  expect(message).toContain("Deployment.apps workloads/two is the application's last workload");
  expect(await deletions(mark)).toEqual(["delete deployments workloads/one"]);
});

describe("one object of a kind that others live in or on is held", () => {
  const claim: TestObject = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
  const verbs = ["get", "create", "patch", "delete"];
  test.each([
    {
      kind: "Namespace",
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name: "precious-space" } },
      rights: [{ apiGroups: [""], resources: ["namespaces"], verbs }],
    },
    {
      kind: "CustomResourceDefinition",
      object: definition("Jewel", "jewels"),
      rights: [
        { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs },
      ],
    },
    { kind: "PersistentVolumeClaim", object: claim, rights: [] },
  ] as const)("$kind", async ({ kind, object, rights }) => {
    const namespace = `kind-${kind.toLowerCase()}`;
    const app = await install(namespace, { precious: object, ...configMaps(9) }, rights);
    const { metadata } = await world.api.read(kind, namespace, object.metadata.name);
    const mark = await world.audit.mark();
    await app.push(removing("precious"));
    const { message } = await app.condition("Stalled", "True", "PruneHeld");
    expect(message).toContain("is of a protected kind");
    expect(message).toContain(object.metadata.name);
    expect(await deletions(mark)).toEqual([]);

    const hash = (await app.get()).status?.heldPrune?.hash ?? "";
    await app.annotate({ "mooring.dev/approve-prune": hash });
    await app.condition("Stalled", "False");
    expect(await deletions(mark)).toHaveLength(1);
    const after = await world.api.get(kind, namespace, object.metadata.name);
    // What has finalizers is on its way out.
    if (after !== undefined) {
      expect(after.metadata.uid).toBe(metadata.uid);
      expect(after.metadata.deletionTimestamp).toBeDefined();
    }
  });
});

test("after a restart the same set is held under the same hash, and its approval still serves", async () => {
  const app = await install("restarted", configMaps(10));
  await app.push(removing(...first(5)));
  await app.condition("Stalled", "True", "PruneHeld");
  const before = (await app.get()).status;
  await world.controller.end("SIGKILL");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await app.refresh();
  expect((await app.get()).status?.heldPrune).toEqual(before?.heldPrune);
  expect(await deletions(mark)).toEqual([]);
  expect(await app.events("PruneHeld")).toHaveLength(1);
  await app.annotate({ "mooring.dev/approve-prune": before?.heldPrune?.hash ?? "" });
  await app.ready();
  expect(await deletions(mark)).toEqual(
    first(5).map((name) => `delete configmaps restarted/${name}`),
  );
});

test("what is held is deployed otherwise: later revisions are applied, and a set that Git has again is free", async () => {
  const app = await install("meanwhile", configMaps(10));
  await app.push(removing(...first(4)));
  await app.condition("Stalled", "True", "PruneHeld");
  const mark = await world.audit.mark();
  await app.push({ "deploy/c9.yaml": manifest(configMap("c9", { v: "2" })) });
  expect((await world.api.read("ConfigMap", "meanwhile", "c9")).data.v).toBe("2");
  await app.condition("Stalled", "True", "PruneHeld");
  const back = Object.fromEntries(
    first(4).map((name) => [`deploy/${name}.yaml`, manifest(configMap(name, { v: "1" }))]),
  );
  const commit = await app.push(back);
  const { status } = await app.ready(commit);
  expect(status?.heldPrune).toBeUndefined();
  expect(await deletions(mark)).toEqual([]);
});
