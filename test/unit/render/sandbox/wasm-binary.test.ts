import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultSandboxLimits } from "../../../../src/render/sandbox/limits.ts";
import { loadModule } from "../../../../src/render/sandbox/load-module.ts";
import { confine, globalName } from "../../../../src/render/sandbox/wasm-binary.ts";
import { misbehavingModules } from "./modules.ts";

const directory = await misbehavingModules();
const module = await readFile(join(directory, "helm.wasm"));

test("a module has its globals exported, and is otherwise what it was", () => {
  const before = WebAssembly.Module.exports(new WebAssembly.Module(module));
  const after = WebAssembly.Module.exports(loadModule(directory, "helm", defaultSandboxLimits));
  const globals = Array.from({ length: after.length - before.length }, (_, index) => ({
    name: globalName(index),
    kind: "global",
  }));
  expect(globals.length).toBeGreaterThan(0);
  expect(after).toEqual([...before, ...globals]);
});

test.each([
  ["text", Buffer.from("#!/bin/sh\necho hello\n"), "not a WebAssembly module"],
  ["a module without memory", Buffer.from("0061736d010000000701" + "00", "hex"), "no memory"],
  ["half a module", module.subarray(0, 2_000), "exports nothing, or too late"],
  ["a module that is larger than allowed", module, "are allowed"],
])("%s is refused", (_, bytes, why) => {
  expect(() => confine(bytes, 10)).toThrow(why);
});
