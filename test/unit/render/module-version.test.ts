import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createModuleVersion } from "../../../src/render/module-version.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-modules-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("a module is read once, however many ask for its version at the same moment", async () => {
  await writeFile(join(directory, "helm.wasm"), "one");
  const versionOf = createModuleVersion(directory);
  const [first, second] = [versionOf("helm"), versionOf("helm")];
  expect(second).toBe(first);
  const version = await first;
  await writeFile(join(directory, "helm.wasm"), "another");
  expect(await versionOf("helm")).toBe(version);
  expect(await createModuleVersion(directory)("helm")).not.toBe(version);
});

test("each renderer has a version of its own", async () => {
  for (const name of ["helm", "kustomize"]) await writeFile(join(directory, `${name}.wasm`), "one");
  const versionOf = createModuleVersion(directory);
  expect(await versionOf("helm")).not.toBe(await versionOf("kustomize"));
});

test("a module that was missing is found when it is there", async () => {
  const versionOf = createModuleVersion(directory);
  const missing = await versionOf("helm");
  await writeFile(join(directory, "helm.wasm"), "one");
  expect(await versionOf("helm")).not.toBe(missing);
});
