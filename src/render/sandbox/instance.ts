/** One renderer, instantiated: a module, its memory, and what it may import. Runs in a thread. */
import { Host } from "./host.ts";
import type { SandboxLimits } from "./limits.ts";
import { pageBytes } from "./limits.ts";
import { LinearMemory } from "./linear-memory.ts";
import { Wasi, type WasiInputs } from "./wasi.ts";
import { globalName } from "./wasm-binary.ts";

/** All that a module's next run depends on, besides its inputs. Crosses threads, which share it. */
export interface Snapshot {
  /** Size of the memory. */
  bytes: number;
  /** One after the other, the stretches of memory that are not all zero. */
  content: SharedArrayBuffer;
  stretches: readonly Stretch[];
  globals: readonly (number | bigint)[];
  monotonic: bigint;
}

interface Stretch {
  at: number;
  length: number;
}

export interface Instance {
  readonly wasi: Wasi;
  readonly host: Host;
  readonly memory: LinearMemory;
  /** Starts the module's runtime. */
  initialise(): void;
  /** One run: of whatever wasi and host were begun with. */
  render(): void;
  snapshot(): Snapshot;
  /** As if it had just been taken. */
  restore(snapshot: Snapshot): void;
  /** Bytes that its memory grew by since then. */
  readonly grown: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  render(): void;
}

export function createInstance(
  module: WebAssembly.Module,
  o: { environment: readonly string[]; limits: SandboxLimits; start: WasiInputs },
): Instance {
  const memory = new LinearMemory();
  const wasi = new Wasi(memory, o.environment, o.start);
  const host = new Host(memory, o.limits);
  const { exports } = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi.imports,
    mooring: host.imports,
  });
  const renderer = exports as unknown as Exports;
  memory.attach(renderer.memory);
  const globals = globalsOf(exports);
  let restoredSize: number | undefined;
  return {
    wasi,
    host,
    memory,
    get grown() {
      return memory.size - (restoredSize ?? memory.size);
    },
    initialise: () => renderer._initialize(),
    render: () => renderer.render(),
    snapshot() {
      const bytes = memory.bytes(0, memory.size);
      const stretches = stretchesOf(bytes);
      const length = stretches.reduce((sum, stretch) => sum + stretch.length, 0);
      const content = new Uint8Array(new SharedArrayBuffer(length));
      let offset = 0;
      for (const { at, length } of stretches) {
        content.set(bytes.subarray(at, at + length), offset);
        offset += length;
      }
      return {
        bytes: bytes.length,
        content: content.buffer,
        stretches,
        globals: globals.map(({ value }) => value),
        monotonic: wasi.monotonic,
      };
    },
    restore(snapshot) {
      // Go takes what it grows by from where it believes its memory to end, which is where it ended
      // in the snapshot: beyond that nothing was ever written to.
      const written =
        restoredSize === undefined ? memory.size : snapshot.bytes + memory.size - restoredSize;
      const grow = (snapshot.bytes - memory.size) / pageBytes;
      if (grow > 0) renderer.memory.grow(grow);
      const bytes = memory.bytes(0, memory.size);
      let [end, offset] = [0, 0];
      for (const { at, length } of snapshot.stretches) {
        bytes.fill(0, end, at);
        // Most pages are as they were, and to see that takes less than to write them.
        for (let page = 0; page < length; page += pageBytes) {
          const now = bytes.subarray(at + page, at + page + pageBytes);
          const then = Buffer.from(snapshot.content, offset + page, now.length);
          if (then.compare(now) !== 0) now.set(then);
        }
        end = at + length;
        offset += length;
      }
      bytes.fill(0, end, Math.max(end, written));
      restoredSize = memory.size;
      wasi.monotonic = snapshot.monotonic;
      // Go keeps its stack pointer and the running goroutine in them, and leaves them elsewhere.
      globals.forEach((global, i) => {
        global.value = snapshot.globals[i] ?? global.value;
      });
    },
  };
}

function globalsOf(exports: WebAssembly.Exports): WebAssembly.Global[] {
  const globals: WebAssembly.Global[] = [];
  for (;;) {
    const global = exports[globalName(globals.length)];
    if (!(global instanceof WebAssembly.Global)) return globals;
    globals.push(global);
  }
}

function stretchesOf(memory: Uint8Array): Stretch[] {
  const stretches: Stretch[] = [];
  let start = -1;
  for (let at = 0; at <= memory.length; at += pageBytes) {
    const empty = at === memory.length || isZero(memory.subarray(at, at + pageBytes));
    if (empty && start >= 0) {
      stretches.push({ at: start, length: at - start });
      start = -1;
    } else if (!empty && start < 0) start = at;
  }
  return stretches;
}

const zeroes = Buffer.alloc(pageBytes);

function isZero(page: Uint8Array): boolean {
  return zeroes.compare(page) === 0;
}
