/** How a source is followed: what is known of it now, and how to hear of changes. */
import type { GitRef } from "../model/application.ts";
import type { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { GitCredentials } from "./git/remote.ts";

/** A revision of a source; its snapshot is opened once, for all who follow it. */
export interface Known {
  commit: string;
  revision: string;
  /** @throws Problem as GitRemote.open; a failed attempt is made anew by the next call. */
  snapshot(): Promise<Snapshot>;
}

export type SourceState =
  | { state: "pending" }
  | ({ state: "known" } & Known)
  /** `last`: what was known before, never to be taken for current (invariant 5). */
  | { state: "failed"; problem: Problem; last?: Known };

export interface Tracking {
  current(): SourceState;
  /** Look now. Looks asked for at the same time are one. */
  refresh(): void;
  /**
   * When the remote last answered, or failed to (monotonic, milliseconds); undefined before the
   * first time. For a commit that is known always now: it cannot move.
   */
  lookedAt(): number | undefined;
  /** Resolves after the next completed look (after `refresh`: the one that it asked for), or when stopped. */
  settled(): Promise<void>;
  stop(): void;
}

export interface TrackOptions {
  url: string;
  /** Without it, the remote's HEAD. */
  ref?: GitRef | undefined;
  credentials?: GitCredentials | undefined;
  /** Milliseconds between looks; the repository is polled at the smallest of its trackers'. */
  intervalMs: number;
  /**
   * The blobs that will be read of a snapshot: what all who follow a revision want comes in one
   * exchange. A hint; what it leaves out is fetched when it is read.
   */
  wanted?: ((snapshot: Snapshot) => Promise<readonly string[]>) | undefined;
  /** The revision changed, failure came or went or became another, or a look asked for by refresh is done. Must not throw. */
  onChange: () => void;
}

/** Time and chance, for tests to hold still. */
export interface SourceClock {
  /** Monotonic, milliseconds. */
  now(): number;
  /** Calls back once; returns what cancels it. Must not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}

export const systemClock: SourceClock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
