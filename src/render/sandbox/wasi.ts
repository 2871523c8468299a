/**
 * WASI preview 1, as far as Go's runtime needs it to start, and nothing behind it: no file, no
 * socket, no environment but ours. Deterministic: what a module can learn from here follows from
 * what the run was given.
 * https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
import { CrashText } from "./crash-text.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { RandomStream } from "./seeded-random.ts";

const errno = { success: 0, badf: 8, inval: 28, nosys: 52 } as const;
const clocks = { realtime: 0, monotonic: 1 } as const;
const subscriptionBytes = 48;
const eventBytes = 32;
const clockEvent = 0;
/** Each look at the monotonic clock finds it so much later, in nanoseconds. */
const tick = 1_000n;
/** One request for random bytes; a chart's key takes some hundred. */
const randomChunk = 65_536;

/** The module ends itself. Thrown through it. */
export class ModuleExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

export interface WasiInputs {
  random: RandomStream;
  /** Where the clock stands. */
  clock: Date;
}

export class Wasi {
  readonly #memory: LinearMemory;
  readonly #arguments: readonly Buffer[];
  readonly #environment: readonly Buffer[];
  #inputs: WasiInputs;
  #randomReads = 0;
  #clockReads = 0;
  #text = new CrashText();

  constructor(memory: LinearMemory, environment: readonly string[], inputs: WasiInputs) {
    this.#memory = memory;
    // Without a first argument klog panics.
    this.#arguments = ["renderer\0"].map((text) => Buffer.from(text));
    this.#environment = environment.map((text) => Buffer.from(`${text}\0`));
    this.#inputs = inputs;
  }

  /** From here on everything counts towards a new run. */
  begin(inputs: WasiInputs): void {
    this.#inputs = inputs;
    this.#randomReads = 0;
    this.#clockReads = 0;
    this.#text = new CrashText();
  }

  /** Nanoseconds that the module believes to have run: a count of its looks at the clock. */
  monotonic = 0n;

  /** What the run looked at. Each collection of garbage looks at the clock once: not the render's. */
  get dependsOn(): { random: boolean; clock: boolean } {
    return {
      random: this.#randomReads > 0,
      clock: this.#clockReads > this.#text.collections,
    };
  }

  /** The line in which Go says why it died. */
  get crash(): string | undefined {
    return this.#text.crash;
  }

  /** What a module may import; what is not here it cannot be linked with. */
  get imports(): WebAssembly.ModuleImports {
    const badf = () => errno.badf;
    const nosys = () => errno.nosys;
    return {
      args_get: (list: number, at: number) => this.#strings(this.#arguments, list, at),
      args_sizes_get: (count: number, size: number) => this.#sizes(this.#arguments, count, size),
      environ_get: (list: number, at: number) => this.#strings(this.#environment, list, at),
      environ_sizes_get: (count: number, size: number) =>
        this.#sizes(this.#environment, count, size),
      clock_time_get: (id: number, _precision: bigint, at: number) => this.#time(id, at),
      random_get: (at: number, length: number) => this.#random(at, length),
      fd_write: (fd: number, list: number, count: number, written: number) =>
        this.#write(fd, list, count, written),
      poll_oneoff: (from: number, to: number, count: number, happened: number) =>
        this.#poll(from, to, count, happened),
      sched_yield: () => errno.success,
      proc_exit: (code: number) => {
        throw new ModuleExit(code);
      },
      // Nothing is open, and nothing can be opened.
      fd_close: badf,
      fd_fdstat_get: badf,
      fd_fdstat_set_flags: badf,
      fd_filestat_get: badf,
      fd_filestat_set_size: badf,
      fd_pread: badf,
      fd_prestat_dir_name: badf,
      fd_prestat_get: badf,
      fd_pwrite: badf,
      fd_read: badf,
      fd_readdir: badf,
      fd_seek: badf,
      fd_sync: badf,
      path_create_directory: badf,
      path_filestat_get: badf,
      path_filestat_set_times: badf,
      path_link: badf,
      path_open: badf,
      path_readlink: badf,
      path_remove_directory: badf,
      path_rename: badf,
      path_symlink: badf,
      path_unlink_file: badf,
      sock_accept: nosys,
      sock_shutdown: nosys,
    };
  }

  #sizes(texts: readonly Buffer[], count: number, size: number): number {
    const { view } = this.#memory;
    view.setUint32(count, texts.length, true);
    view.setUint32(
      size,
      texts.reduce((sum, text) => sum + text.length, 0),
      true,
    );
    return errno.success;
  }

  #strings(texts: readonly Buffer[], list: number, start: number): number {
    let at = start;
    texts.forEach((text, i) => {
      this.#memory.view.setUint32(list + 4 * i, at, true);
      this.#memory.bytes(at, text.length).set(text);
      at += text.length;
    });
    return errno.success;
  }

  #time(id: number, at: number): number {
    if (id === clocks.realtime) {
      this.#clockReads += 1;
      this.#memory.view.setBigUint64(at, BigInt(this.#inputs.clock.getTime()) * 1_000_000n, true);
      return errno.success;
    }
    if (id !== clocks.monotonic) return errno.inval;
    this.monotonic += tick;
    this.#memory.view.setBigUint64(at, this.monotonic, true);
    return errno.success;
  }

  #random(at: number, length: number): number {
    this.#randomReads += 1;
    const bytes = this.#memory.bytes(at, length);
    for (let i = 0; i < length; i += randomChunk) {
      this.#inputs.random(bytes.subarray(i, i + randomChunk));
    }
    return errno.success;
  }

  #write(fd: number, list: number, count: number, written: number): number {
    if (fd !== 1 && fd !== 2) return errno.badf;
    const { view } = this.#memory;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = view.getUint32(list + 8 * i, true);
      const length = view.getUint32(list + 8 * i + 4, true);
      this.#text.write(this.#memory.bytes(at, length));
      total += length;
    }
    view.setUint32(written, total, true);
    return errno.success;
  }

  /** Nothing ever happens but that time passes: the earliest clock rings, at once. */
  #poll(from: number, to: number, count: number, happened: number): number {
    const { view } = this.#memory;
    let earliest: { at: number; rings: bigint } | undefined;
    for (let i = 0; i < count; i++) {
      const at = from + subscriptionBytes * i;
      if (view.getUint8(at + 8) !== clockEvent) continue;
      const timeout = view.getBigUint64(at + 24, true);
      const absolute = (view.getUint16(at + 40, true) & 1) === 1;
      const rings = absolute ? timeout : this.monotonic + timeout;
      if (earliest === undefined || rings < earliest.rings) earliest = { at, rings };
    }
    if (earliest === undefined) return errno.badf;
    if (earliest.rings > this.monotonic) this.monotonic = earliest.rings;
    this.#memory.bytes(to, eventBytes).fill(0);
    view.setBigUint64(to, view.getBigUint64(earliest.at, true), true);
    view.setUint32(happened, 1, true);
    return errno.success;
  }
}
