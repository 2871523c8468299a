/** Objects that change their application are handed over; nothing is deleted on the way. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { configMap, manifest } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";
const map = (name: string, data: Record<string, string>) => manifest(configMap(name, data));

test("a file moved to another application's directory moves its object, uid and all", async () => {
  const tenant = await world.createTenant("moving");
  const from = await tenant.application("from", {
    files: {
      "a/one.yaml": map("one", { v: "1", old: "x" }),
      "a/two.yaml": map("two", { v: "1" }),
      "b/three.yaml": map("three", { v: "1" }),
    },
    spec: { source: { path: "a" } },
  });
  const to = await tenant.application("to", {
    files: {},
    spec: { source: { path: "b", git: { url: world.git.url("moving/from") } } },
  });
  await Promise.all([from.ready(), to.ready()]);
  const before = await world.api.read("ConfigMap", "moving", "one");

  const mark = await world.audit.mark();
  const id = await from.push({
    "a/one.yaml": null,
    "b/one.yaml": map("one", { v: "1" }),
  });
  await Promise.all([from.ready(id), to.refresh()]);
  await to.ready(id);

  const after = await world.api.read("ConfigMap", "moving", "one");
  expect(after.metadata.uid).toBe(before.metadata.uid);
  const three = await world.api.read("ConfigMap", "moving", "three");
  expect(after.metadata.labels?.[partOf]).toBe(three.metadata.labels?.[partOf]);
  // The claim went along: what the new file does not have is gone.
  expect(after.data).toEqual({ v: "1" });
  const deletes = (await world.audit.writesSince(mark)).filter(({ verb }) => verb === "delete");
  expect(deletes).toEqual([]);
});

test("an Application that is renamed hands its objects to its successor", async () => {
  const tenant = await world.createTenant("renaming");
  const old = await tenant.application("old", {
    files: { "deploy/one.yaml": map("one", { v: "1" }) },
  });
  await old.ready();
  const before = await world.api.read("ConfigMap", "renaming", "one");
  const renamed = await tenant.application("renamed", {
    files: {},
    spec: { source: { git: { url: world.git.url("renaming/old") } } },
  });
  const refused = await renamed.condition("Synced", "False");
  expect(refused.message).toContain("renaming/old");
  await old.delete();
  await old.gone();
  await renamed.ready();
  const after = await world.api.read("ConfigMap", "renaming", "one");
  expect(after.metadata.uid).toBe(before.metadata.uid);
});
