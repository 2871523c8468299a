/**
 * Which applications are this replica's: one Lease for each shard, applications spread over the
 * shards by rendezvous hashing. Every application has exactly one shard; every shard at most one
 * holder that may write.
 */
import { createHash } from "node:crypto";
import type { LeaseLock } from "../cluster/lease.ts";
import { Problem } from "../model/problem.ts";

export interface ShardsOptions {
  count: number;
  lease(shard: number, on: { acquired(): void; lost(): void }): LeaseLock;
  onAcquired(shard: number): void;
  onLost(shard: number): void;
}

export class Shards {
  readonly #options: ShardsOptions;
  readonly #locks: LeaseLock[];
  #runs: Promise<void>[] = [];

  constructor(options: ShardsOptions) {
    this.#options = options;
    this.#locks = Array.from({ length: options.count }, (_, shard) =>
      options.lease(shard, {
        acquired: () => options.onAcquired(shard),
        lost: () => options.onLost(shard),
      }),
    );
  }

  run(signal: AbortSignal): void {
    this.#runs = this.#locks.map((lock) => lock.run(signal));
  }

  /** The shard of an application: the one with the highest hash, so that few move when the count changes. */
  shardOf(key: string): number {
    let best = 0;
    let highest = "";
    for (let shard = 0; shard < this.#options.count; shard++) {
      const weight = createHash("sha256").update(`${shard} ${key}`).digest("hex");
      if (weight > highest) [best, highest] = [shard, weight];
    }
    return best;
  }

  /** May this replica write for the application, at this very moment? */
  mayWrite(key: string): boolean {
    return this.#locks[this.shardOf(key)]?.mayWrite() === true;
  }

  get held(): number[] {
    return this.#locks.flatMap((lock, shard) => (lock.mayWrite() ? [shard] : []));
  }

  /** @throws Problem Fenced unless the shard is ours at this very moment. */
  fence(shard: number): void {
    if (this.#locks[shard]?.mayWrite() !== true)
      throw new Problem("Fenced", `this replica does not hold the Lease of shard ${shard}`);
  }

  /** Every shard, and whether this replica may write for it. */
  get all(): { shard: number; held: boolean }[] {
    return this.#locks.map((lock, shard) => ({ shard, held: lock.mayWrite() }));
  }

  /** Gives the Leases back, once nothing is being written any more. */
  async release(): Promise<void> {
    await Promise.all(this.#locks.map((lock) => lock.release()));
    await Promise.allSettled(this.#runs);
  }
}
