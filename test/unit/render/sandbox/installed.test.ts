import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireModules } from "../../../../src/render/sandbox/installed.ts";

test("what a directory of modules lacks is said by name, with what to do", async () => {
  const directory = await mkdtemp(join(tmpdir(), "mooring-modules-"));
  try {
    await expect(requireModules(directory)).rejects.toThrow(
      `${directory} has no kustomize.wasm and no helm.wasm: in a checkout \`node setup/main.mjs`,
    );
    await writeFile(join(directory, "kustomize.wasm"), "");
    await expect(requireModules(directory)).rejects.toThrow("has no helm.wasm");
    await writeFile(join(directory, "helm.wasm"), "");
    await expect(requireModules(directory)).resolves.toBeUndefined();
    await expect(requireModules(join(directory, "none"))).rejects.toThrow("--renderers");
  } finally {
    await rm(directory, { recursive: true });
  }
});
