/** What one tenant can do to another's objects by naming them: nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
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
