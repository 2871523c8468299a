/**
 * A renderer's module, from its file. Each thread loads its own: the engine knows code that it has
 * compiled already by its bytes and shares it among threads, and with the last thread it goes. Held
 * by the main thread it would stay until that collects its garbage, which at rest it does not.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { SandboxLimits } from "./limits.ts";
import { confine } from "./wasm-binary.ts";

/** All that comes before a module's code. */
const headBytes = 4 * 1024 * 1024;

/** @throws Error naming the file when there is none, or it is no module */
export function loadModule(
  directory: string,
  renderer: string,
  limits: SandboxLimits,
): WebAssembly.Module {
  const file = join(directory, `${renderer}.wasm`);
  const bytes = readConfined(file, limits.memoryPages);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    // The engine has its own copy: this one goes now rather than when garbage is collected.
    bytes.buffer.transfer(0);
  }
}

function readConfined(file: string, pages: number): Uint8Array<ArrayBuffer> {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const start = new Uint8Array(Math.min(size, headBytes));
    readAll(fd, start, 0);
    const { head, end } = confine(start, pages);
    const bytes = new Uint8Array(head.length + size - end);
    bytes.set(head);
    start.buffer.transfer(0);
    readAll(fd, bytes.subarray(head.length), end);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(fd, into, at, into.length - at, position + at);
    if (read === 0) throw new Error("the file ended early");
    at += read;
  }
}
