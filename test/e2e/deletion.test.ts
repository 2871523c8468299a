import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, deployment, manifest, service } from "./harness/manifests.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";
const shop = {
  "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
  "deploy/web.yaml": manifest(deployment("web", { replicas: 2 }), service("web")),
};

test("deletion policy delete removes the objects before the Application", async () => {
  const tenant = await world.createTenant("deleted");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  await app.delete();
  await app.gone();
  for (const [kind, name] of [
    ["ConfigMap", "settings"],
    ["Service", "web"],
    ["Deployment", "web"],
  ] as const)
    expect(await world.api.get(kind, "deleted", name)).toBeUndefined();
});

test("deletion policy orphan leaves the objects without our marks", async () => {
  const tenant = await world.createTenant("orphaned");
  const app = await tenant.application("shop", { files: shop, spec: { deletionPolicy: "orphan" } });
  await app.ready();
  const { uid } = (await world.api.read("Deployment", "orphaned", "web")).metadata;
  await app.delete();
  await app.gone();
  const { metadata, spec } = await world.api.read("Deployment", "orphaned", "web");
  expect(metadata.uid).toBe(uid);
  expect(spec.replicas).toBe(2);
  expect(metadata.labels ?? {}).not.toHaveProperty([partOf]);
  expect(Object.keys(metadata.annotations ?? {}).join()).not.toContain("mooring.dev");
  expect(metadata.managedFields?.map(({ manager }) => manager).join()).not.toContain("mooring.");
});

test("an application that is suspended, or whose Git server is away, is deleted all the same", async () => {
  const tenant = await world.createTenant("away");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  world.git.behave({ kind: "status", status: 503 }, "away/shop");
  await app.configure({ suspend: true });
  await app.condition("Ready", "Unknown", "Suspended");
  await app.delete();
  await app.gone();
  expect(await world.api.get("Deployment", "away", "web")).toBeUndefined();
});

test("an application whose ServiceAccount has lost its rights keeps its finalizer and says so", async () => {
  const tenant = await world.createTenant("disowned");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  await world.api.delete("RoleBinding", "disowned", "deployer");
  await app.delete();
  const { message } = await app.condition("Stalled", "True", "Forbidden");
  expect(message).toContain("ServiceAccount disowned/deployer may not delete");
  await world.api.read("ConfigMap", "disowned", "settings");
  // Before the rights are back: with them the next try would delete, as it was asked to.
  await app.configure({ deletionPolicy: "orphan" });
  await app.until("the new policy to be tried", ({ metadata, status }) =>
    (status?.conditions ?? []).some(
      ({ type, observedGeneration }) =>
        type === "Stalled" && observedGeneration === metadata.generation,
    ),
  );
  await tenant.bindAgain();
  // By the next try, which is within half a minute.
  await app.gone(90_000);
  await world.api.read("ConfigMap", "disowned", "settings");
});

test("a namespace that is deleted takes its applications with it", async () => {
  const tenant = await world.createTenant("doomed");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  await world.api.delete("Namespace", "", "doomed");
  await waitFor(
    "the namespace to be gone",
    () => world.api.get("Namespace", "", "doomed"),
    (namespace) => namespace === undefined,
    40_000,
  );
});

test("a destination namespace that is deleted is made again with its objects", async () => {
  const tenant = await world.createTenant("rebuilt");
  await tenant.grantInCluster([
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "create", "patch"] },
    {
      apiGroups: ["", "apps"],
      resources: ["configmaps", "services", "deployments"],
      verbs: ["get", "create", "patch", "delete"],
    },
  ]);
  const app = await tenant.application("shop", {
    files: shop,
    spec: { destination: { namespace: "rebuilt-there", createNamespace: true } },
  });
  await app.ready();
  const { uid } = (await world.api.read("Namespace", "", "rebuilt-there")).metadata;
  await world.api.delete("Namespace", "", "rebuilt-there");
  await waitFor(
    "the new namespace",
    () => world.api.read("Namespace", "", "rebuilt-there"),
    (namespace) => namespace.metadata.uid !== uid,
    60_000,
  );
  await app.ready(undefined, 60_000);
  await world.api.read("Deployment", "rebuilt-there", "web");
});

test("another destination moves the objects: created there first, then pruned here once that is approved", async () => {
  const tenant = await world.createTenant("moved");
  await tenant.addNamespace("moved-there");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  await app.configure({ destination: { namespace: "moved-there" } });
  await app.condition("Stalled", "True", "PruneHeld");
  await world.api.read("Deployment", "moved-there", "web");
  await world.api.read("Deployment", "moved", "web");
  const { status, metadata } = await app.get();
  expect(metadata.annotations).toMatchObject({
    "applyset.kubernetes.io/additional-namespaces": "moved-there",
  });
  await app.annotate({ "mooring.dev/approve-prune": status?.heldPrune?.hash ?? "" });
  await app.ready();
  expect(await world.api.get("Deployment", "moved", "web")).toBeUndefined();
  await world.api.read("Deployment", "moved-there", "web");
});

test("a deletion that went well is told as that, and as no failure", async () => {
  const told = (await world.controller.log())
    .split("\n")
    .filter((line) => line.includes('"app":"deleted/shop"') && !line.includes('"level":"info"'));
  expect(told).toEqual([]);
});
