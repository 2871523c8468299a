/** What Mooring renders of a kustomization is what `kustomize build` prints. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fixtures, plantFixtures } from "./fixtures.ts";
import { brokenKustomizations, kustomizations } from "./kustomizations.ts";
import { type Mooring, startMooring } from "./mooring.ts";
import { kustomizeBuild } from "./official.ts";

let fixtures: Fixtures;
let mooring: Mooring;
beforeAll(async () => {
  fixtures = await plantFixtures();
  mooring = startMooring(fixtures.snapshot);
});
afterAll(async () => {
  await mooring?.close();
  await fixtures?.stop();
});

describe("every object is the official kustomize's, in its order", () => {
  test.each(Object.entries(kustomizations))("%s", async (_, below) => {
    const path = `kustomize/${below}`;
    const theirs = await kustomizeBuild(fixtures.root, path);
    const ours = await mooring.render({ path });
    expect(ours.tool).toBe("kustomize");
    expect(ours.objects.map(({ object }) => object)).toEqual(theirs.map(({ object }) => object));
    expect(theirs.length).toBeGreaterThan(0);
    for (const { origin } of ours.objects) {
      expect(existsSync(join(fixtures.root, origin)), origin).toBe(true);
    }
  });

  test.each(["dev", "staging", "prod"])("the overlay %s of the examples", async (overlay) => {
    const path = `examples/kustomize/overlays/${overlay}`;
    const theirs = await kustomizeBuild(fixtures.root, path);
    const ours = await mooring.render({ path });
    expect(ours.objects.map(({ object }) => object)).toEqual(theirs.map(({ object }) => object));
  });

  test.each([
    ["dev", 1, 1],
    ["staging", 2, 2],
    ["prod", 5, 5],
  ])("the overlay %s has its own replicas", async (overlay, api, worker) => {
    const { objects } = await mooring.render({ path: `kustomize/shop/overlays/${overlay}` });
    const replicas = objects.flatMap(({ object }) => {
      const spec = object.spec as { replicas?: number } | undefined;
      return spec?.replicas === undefined ? [] : [[object.metadata.name, spec.replicas]];
    });
    expect(Object.fromEntries(replicas)).toEqual({ api, worker });
  });
});

describe("what the official kustomize refuses is refused, with the file", () => {
  test.each(Object.entries(brokenKustomizations))("%s", async (_, { path: below, names, says }) => {
    const path = `kustomize/broken/${below}`;
    await expect(kustomizeBuild(fixtures.root, path)).rejects.toThrow(says);
    const refused = mooring.render({ path });
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.toThrow(`kustomize/broken/${names}`);
    await expect(refused).rejects.not.toThrow(/@snapshot/);
  });

  test("a directory without a kustomization, when one is asked for", async () => {
    const path = "kustomize/broken/nothing-here";
    await expect(kustomizeBuild(fixtures.root, path)).rejects.toThrow("unable to find one of");
    await expect(mooring.render({ path, tool: "kustomize" })).rejects.toThrow(path);
  });
});
