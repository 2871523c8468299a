/** One revision on its way from the Git server to its objects. */
import { setTimeout as delay } from "node:timers/promises";
import type { DesiredSet } from "../model/desired.ts";
import type { Commit } from "../model/snapshot.ts";

export interface Rendered {
  commit: Commit;
  set: DesiredSet;
  /** What the cluster served meanwhile, see servedDigest. */
  served: string | undefined;
}

/**
 * Goes on by itself: a run waits a moment for it and then makes room for other applications, so
 * that a repository that hangs keeps no worker (invariant 13).
 */
export class Rendering {
  readonly revision: string;
  readonly generation: number;
  /** Resolves when it came to an end, a good one or not. */
  readonly settled: Promise<void>;
  #outcome: { rendered: Rendered } | { error: unknown } | undefined;

  constructor(revision: string, generation: number, work: Promise<Rendered>) {
    this.revision = revision;
    this.generation = generation;
    this.settled = work.then(
      (rendered) => {
        this.#outcome = { rendered };
      },
      (error: unknown) => {
        this.#outcome = { error };
      },
    );
  }

  /**
   * @returns undefined when it takes longer than so many milliseconds
   * @throws whatever stopped it
   */
  async within(ms: number): Promise<Rendered | undefined> {
    const waiting = new AbortController();
    const late = delay(ms, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([this.settled, late]);
    waiting.abort();
    if (this.#outcome === undefined) return undefined;
    if ("error" in this.#outcome) throw this.#outcome.error;
    return this.#outcome.rendered;
  }
}
