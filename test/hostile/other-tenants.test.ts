/** What one tenant can do to another's objects by naming them: nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { exactInteger } from "../../src/model/exact-json.ts";
import { configMap, manifest } from "../e2e/harness/manifests.ts";
import { waitFor } from "../e2e/harness/wait.ts";
import { startWorld, type World } from "../e2e/harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";
const groupKinds = "applyset.kubernetes.io/contains-group-kinds";
const map = (name: string, namespace?: string) =>
  manifest(configMap(name, { v: "1" }, namespace === undefined ? {} : { namespace }));

async function isGone(namespace: string, name: string): Promise<void> {
  await waitFor(
    `${namespace}/${name} to be gone`,
    () => world.api.get("ConfigMap", namespace, name),
    (object) => object === undefined,
  );
}

test("an application that may not write an object gets none by wanting it, and keeps none from being pruned", async () => {
  const victim = await world.createTenant("wanted");
  const shop = await victim.application("shop", {
    files: { "deploy/kept.yaml": map("kept"), "deploy/old.yaml": map("old") },
  });
  await shop.ready();
  const thief = await world.createTenant("thief");
  const app = await thief.application("theft", {
    files: {
      "deploy/old.yaml": map("old", "wanted"),
      "deploy/kept.yaml": map("kept", "wanted"),
    },
  });
  await app.condition("Stalled", "True");
  // A record that names no kind must not make the owner wait for it either.
  await app.annotate({ [groupKinds]: "" });

  await shop.deploy({ "deploy/old.yaml": null });
  await isGone("wanted", "old");
  await shop.delete();
  await shop.gone();
  expect(await world.api.get("ConfigMap", "wanted", "kept")).toBeUndefined();
});

/** Objects in the forger's own namespace that look in every way as if they were another's. */
async function forge(namespace: string, like: string, count: number): Promise<void> {
  const model = await world.api.read("ConfigMap", like, "c0");
  const manager = model.metadata.managedFields?.find(({ manager }) =>
    manager.startsWith("mooring."),
  )?.manager;
  const id = model.metadata.labels?.[partOf];
  expect([manager, id]).not.toContain(undefined);
  for (let n = 0; n < count; n++)
    await world.api.patch(
      "ConfigMap",
      namespace,
      `forged-${n}`,
      {
        ...configMap(`forged-${n}`, { v: "1" }, { namespace, labels: { [partOf]: id ?? "" } }),
      },
      { type: "apply", manager: manager ?? "" },
    );
}

const nine = Object.fromEntries(
  Array.from({ length: 9 }, (_, n) => [`deploy/c${n}.yaml`, map(`c${n}`)]),
);

test("objects forged in another namespace neither hold nor fail a prune or a deletion", async () => {
  const victim = await world.createTenant("forged-at");
  const shop = await victim.application("shop", { files: nine });
  await shop.ready();
  await world.createTenant("forger");
  await forge("forger", "forged-at", 25);

  await shop.deploy({ "deploy/c1.yaml": null });
  await isGone("forged-at", "c1");
  await shop.delete();
  await shop.gone();
  await world.api.read("ConfigMap", "forger", "forged-0");
});

test("objects forged in another namespace do not make a large prune look small", async () => {
  const victim = await world.createTenant("counted");
  const shop = await victim.application("shop", { files: nine });
  await shop.ready();
  await world.createTenant("miscounter");
  await forge("miscounter", "counted", 25);

  await shop.push({ "deploy/c1.yaml": null, "deploy/c2.yaml": null, "deploy/c3.yaml": null });
  await shop.condition("Stalled", "True", "PruneHeld");
  expect((await shop.get()).status?.heldPrune?.count).toBe(3);
  await world.api.read("ConfigMap", "counted", "c1");
});

test("whether another tenant has an object is not told to who may not read it", async () => {
  const victim = await world.createTenant("discreet");
  const shop = await victim.application("shop", { files: { "deploy/there.yaml": map("there") } });
  await shop.ready();
  const spy = await world.createTenant("spy");
  const app = await spy.application("spy", {
    files: {
      "deploy/there.yaml": map("there", "discreet"),
      "deploy/none.yaml": map("none", "discreet"),
    },
  });
  await app.condition("Stalled", "True");
  const { status } = await app.get();
  const told = Object.fromEntries((status?.problems ?? []).map((one) => [one.name, one]));
  expect(JSON.stringify({ ...told.there, name: "x" }).replaceAll("there", "x")).toBe(
    JSON.stringify({ ...told.none, name: "x" }).replaceAll("none", "x"),
  );
});

test("an Application with deep values, and a long integer in them, is refused, and nobody else", async () => {
  const victim = await world.createTenant("shallow");
  const shop = await victim.application("shop", { files: { "deploy/a.yaml": map("a") } });
  await shop.ready();
  let values: unknown = exactInteger(1234567890123456789n);
  for (let level = 0; level < 3_000; level++) values = { a: values };
  const digger = await world.createTenant("digger");
  const app = await digger.application("deep", {
    files: { "deploy/a.yaml": map("a") },
    spec: { source: { helm: { values } } },
  });
  await app.condition("Stalled", "True", "InvalidSpec");
  await shop.deploy({ "deploy/b.yaml": map("b") });
  // Found by a list this time.
  await world.controller.end();
  world.controller = await world.controllers.start();
  await shop.deploy({ "deploy/c.yaml": map("c") });
  await app.condition("Stalled", "True", "InvalidSpec");
});
