/**
 * Fights: the same object drifts again and again because another writer disagrees. The first
 * heals are immediate; then each waits longer, so that two controllers do not burn the cluster
 * between them, and the other writer is named.
 */
const freeHeals = 4;
const quietMs = 10 * 60_000;
const firstPauseMs = 2_000;
const longestPauseMs = 5 * 60_000;

interface Bout {
  heals: number;
  last: number;
}

export class Fights {
  readonly #bouts = new Map<string, Bout>();

  /** An object was healed at `now` (monotonic, milliseconds). */
  healed(key: string, now: number): void {
    const bout = this.#bouts.get(key);
    if (bout === undefined || now - bout.last > quietMs)
      this.#bouts.set(key, { heals: 1, last: now });
    else this.#bouts.set(key, { heals: bout.heals + 1, last: now });
  }

  /** Milliseconds until the object may be healed again; 0 when it may at once. */
  pause(key: string, now: number): number {
    const bout = this.#bouts.get(key);
    if (bout === undefined || bout.heals <= freeHeals || now - bout.last > quietMs) return 0;
    const pause = Math.min(firstPauseMs * 3 ** (bout.heals - freeHeals - 1), longestPauseMs);
    return Math.max(0, bout.last + pause - now);
  }

  heals(key: string): number {
    return this.#bouts.get(key)?.heals ?? 0;
  }

  clear(): void {
    this.#bouts.clear();
  }
}
