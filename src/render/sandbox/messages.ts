/** What the main thread and a renderer's thread say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { PackedObjects } from "./answer.ts";
import type { Bell, Expected, UsedBits } from "./file-channel.ts";
import type { SandboxLimits } from "./limits.ts";
import type { Refusal } from "./refusal.ts";
import type { ShelfPlaces } from "./shelf.ts";
import type { ClockCells } from "./thread-clock.ts";

export interface ThreadData {
  /** Of the modules: `<renderer>.wasm`. */
  directory: string;
  limits: SandboxLimits;
  /** Questions about files. */
  port: MessagePort;
  bell: Bell;
  clock: ClockCells;
}

/** One run. */
export interface Run {
  renderer: string;
  /** As JSON. */
  request: string;
  /** Milliseconds of the epoch. */
  time: number;
  seed: Uint8Array;
  fresh: boolean;
  expected: ReadonlyMap<string, Expected>;
  used: UsedBits;
}

export interface RunMessage extends Run {
  /** With a renderer's first run in a thread. */
  shelf?: ShelfPlaces;
}

/** `grown`: the thread's memory had better go. */
export type RunReply = RunResult & { grown: boolean };

export type RunResult =
  | {
      ok: true;
      objects: PackedObjects;
      bytes: number;
      dependsOn: { random: boolean; clock: boolean };
      needsFresh: boolean;
      /** The renderer had to be loaded and made ready first. */
      cold: boolean;
    }
  | { ok: false; refusal: Refusal }
  /** There is no such module, or none that can be used. */
  | { ok: false; unusable: string }
  /** The main thread ended it, and knows why. */
  | { ok: false; ended: true };
