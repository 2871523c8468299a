import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { requireModules } from "../../../../src/render/sandbox/installed.ts";

/** Magic number, version, and a custom section of 130 bytes: its length takes two of them. */
const module = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 0x82, 1, ...Array(130).fill(7)]);

async function directoryWith(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "mooring-modules-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
  return directory;
}

test("what a directory of modules lacks is said by name, with what to do", async () => {
  const directory = await directoryWith({});
  await expect(requireModules(directory)).rejects.toThrow(
    `${directory}: kustomize.wasm is missing; helm.wasm is missing: in a checkout \`node setup/main.mjs`,
  );
  await writeFile(join(directory, "kustomize.wasm"), module);
  await expect(requireModules(directory)).rejects.toThrow(`${directory}: helm.wasm is missing: in`);
  await writeFile(join(directory, "helm.wasm"), module);
  await expect(requireModules(directory)).resolves.toBeUndefined();
  await expect(requireModules(join(directory, "none"))).rejects.toThrow("--renderers");
});

test.each([
  ["is empty", Buffer.alloc(0), "it is not a WebAssembly module"],
  ["is a pointer to it", Buffer.from("version https://git-lfs"), "it is not a WebAssembly module"],
  ["holds no more than the header", module.subarray(0, 8), "it is cut off"],
  ["ends within a section", module.subarray(0, -1), "it is cut off"],
  ["ends within a section's length", module.subarray(0, 10), "the module is cut off"],
  ["goes on behind its last section", Buffer.concat([module, Buffer.from([0])]), "cut off"],
])("a module whose file %s ends the start, by name", async (_, bytes, why) => {
  const directory = await directoryWith({ "kustomize.wasm": module, "helm.wasm": bytes });
  const fault = requireModules(directory);
  await expect(fault).rejects.toThrow(`${directory}: helm.wasm cannot be used (`);
  await expect(fault).rejects.toThrow(why);
});
