/**
 * Runs requests on one renderer, in a thread. Every run begins with the same memory: what the
 * module is after a first run of its own, restored from a snapshot. So an outcome follows from its
 * inputs alone, and nothing of one application's is there when the next one's turn comes.
 */
import { RunEnded } from "./file-channel.ts";
import type { FileAnswers, RenderedJson } from "./host.ts";
import { createInstance, type Instance, type Snapshot } from "./instance.ts";
import { pageBytes, type SandboxLimits } from "./limits.ts";
import { type Refusal, RunRefused } from "./refusal.ts";
import { seededRandom } from "./seeded-random.ts";
import { warmUpOf } from "./warm-ups.ts";
import { ModuleExit } from "./wasi.ts";

export interface RunInputs {
  /** As JSON. */
  request: string;
  clock: Date;
  seed: Uint8Array;
  files: FileAnswers;
  /** Start the module anew, from the seed: for what draws random numbers of Go's runtime. */
  fresh: boolean;
}

export type RunOutcome =
  | {
      ok: true;
      objects: readonly RenderedJson[];
      bytes: number;
      dependsOn: { random: boolean; clock: boolean };
      /** The outcome follows from the seed only when the module is started from it. */
      needsFresh: boolean;
    }
  | { ok: false; refusal: Refusal };

const MiB = 1024 * 1024;
/** Go's garbage collector: seldom, for a run's memory is thrown away as a whole. */
const growthPercent = 400;
/** Of the memory that is allowed, when the collector begins to work harder. */
const softShare = 0.8;
/** Growth by a run that an instance may keep; its memory cannot shrink. */
const keptGrowth = 16 * MiB;
/** Of the memory that is allowed, what runs that are over may have grown it by, unused since. */
const lostShare = 0.25;
/** Growth with which its thread had better end: then its memory goes at once. */
const tooGrown = 64 * MiB;

const noSeed = new Uint8Array();
const epoch = new Date(0);
/** As Go's runtime says it. */
const noMemory = /out of memory|cannot allocate memory|reserve memory/;

/** What all threads of a renderer share. */
export interface Prepared {
  module: WebAssembly.Module;
  snapshot: Snapshot;
}

/** The same wherever it is done: the module has seen nothing but our own input. */
export function prepare(
  name: string,
  module: WebAssembly.Module,
  limits: SandboxLimits,
): { prepared: Prepared; instance: Instance } {
  const instance = startInstance(module, limits, noSeed);
  instance.initialise();
  const warmUp = warmUpOf(name);
  if (warmUp !== undefined) {
    instance.wasi.begin({ random: seededRandom(noSeed, "render"), clock: epoch });
    instance.host.begin(warmUp.request, warmUp.files);
    instance.render();
    instance.host.end();
  }
  return { prepared: { module, snapshot: instance.snapshot() }, instance };
}

export class Renderer {
  readonly #name: string;
  readonly #prepared: Prepared;
  readonly #limits: SandboxLimits;
  #instance: Instance | undefined;
  /** The instance's memory is the snapshot's. */
  #isRestored = false;

  /** @param instance one to begin with */
  constructor(
    name: string,
    prepared: Prepared,
    limits: SandboxLimits,
    instance: Instance | undefined,
  ) {
    this.#name = name;
    this.#prepared = prepared;
    this.#limits = limits;
    this.#instance = instance;
  }

  /** Its memory grew to a size that it cannot be rid of. */
  get isTooGrown(): boolean {
    return (this.#instance?.grown ?? 0) > tooGrown;
  }

  run(inputs: RunInputs): RunOutcome {
    if (inputs.fresh) {
      const instance = startInstance(this.#prepared.module, this.#limits, inputs.seed);
      instance.initialise();
      return this.#outcome(instance, inputs);
    }
    const used = this.#instance !== undefined;
    const instance = this.#restored();
    const outcome = this.#outcome(instance, inputs);
    // What grew before is not there for it to use.
    if (used && !outcome.ok && outcome.refusal.exhausting === true) {
      this.#instance = undefined;
      this.#isRestored = false;
      return this.run(inputs);
    }
    return outcome;
  }

  /** After a run, once its outcome was told: what it left is gone at once, and the next need not wait. */
  tidy(): void {
    if (this.#instance === undefined || this.#isRestored) return;
    if (this.#isGrown(this.#instance)) this.#instance = undefined;
    else this.#restore(this.#instance);
  }

  #restored(): Instance {
    this.tidy();
    this.#instance ??= startInstance(this.#prepared.module, this.#limits, noSeed);
    if (!this.#isRestored) this.#restore(this.#instance);
    // From here on a run writes to it.
    this.#isRestored = false;
    return this.#instance;
  }

  #restore(instance: Instance): void {
    instance.restore(this.#prepared.snapshot);
    this.#isRestored = true;
  }

  #isGrown({ grown, memory }: Instance): boolean {
    const lost = memory.size - this.#prepared.snapshot.bytes;
    return grown > keptGrowth || lost > this.#limits.memoryPages * pageBytes * lostShare;
  }

  #outcome(instance: Instance, inputs: RunInputs): RunOutcome {
    const { wasi, host } = instance;
    const random = seededRandom(inputs.seed, "render");
    wasi.begin({ random, clock: inputs.clock });
    host.begin(inputs.request, inputs.files);
    try {
      instance.render();
      const { refusal, objects, outputBytes: bytes, declared } = host;
      if (refusal !== undefined) return { ok: false, refusal };
      const dependsOn = {
        random: wasi.dependsOn.random || declared.random,
        clock: wasi.dependsOn.clock || declared.clock,
      };
      return { ok: true, objects, bytes, dependsOn, needsFresh: declared.random };
    } catch (error) {
      if (error instanceof RunEnded) throw error;
      return { ok: false, refusal: this.#reasonOf(error, instance) };
    } finally {
      host.end();
    }
  }

  #reasonOf(error: unknown, { wasi }: Instance): Refusal {
    if (error instanceof RunRefused) return error.refusal;
    const { crash } = wasi;
    if (crash !== undefined && noMemory.test(crash)) {
      const most = (this.#limits.memoryPages * 64) / 1024;
      return {
        code: "LimitExceeded",
        what: `rendering needs more than ${most} MiB of memory (--render-memory)`,
        exhausting: true,
      };
    }
    const trap = error instanceof Error ? error.message : String(error);
    if (crash?.includes("stack exceeds") || trap.includes("call stack size exceeded")) {
      return { code: "LimitExceeded", what: "rendering calls itself too deeply" };
    }
    return {
      code: "InvalidManifest",
      what: `${this.#name} crashed while rendering this input`,
      detail: crash ?? (error instanceof ModuleExit ? `it ended itself: ${trap}` : trap),
    };
  }
}

function startInstance(
  module: WebAssembly.Module,
  limits: SandboxLimits,
  seed: Uint8Array,
): Instance {
  const soft = Math.floor(limits.memoryPages * softShare) * 64;
  return createInstance(module, {
    environment: [`GOGC=${growthPercent}`, `GOMEMLIMIT=${soft}KiB`, "GODEBUG=gctrace=1"],
    limits,
    start: { random: seededRandom(seed, "start"), clock: epoch },
  });
}
