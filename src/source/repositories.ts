/**
 * All remotes that applications follow: one poll for each repository and credential, whatever
 * the number of applications and refs.
 */
import { addressKey } from "./git/address.ts";
import type { GitRemote } from "./git/remote.ts";
import { RepositoryPoll } from "./repository-poll.ts";
import { type SourceClock, systemClock, type Tracking, type TrackOptions } from "./tracking.ts";

export class Repositories {
  readonly #remote: GitRemote;
  readonly #clock: SourceClock;
  readonly #polls = new Map<string, RepositoryPoll>();
  #closed = false;

  constructor(o: { remote: GitRemote; clock?: SourceClock }) {
    this.#remote = o.remote;
    this.#clock = o.clock ?? systemClock;
  }

  track(o: TrackOptions): Tracking {
    if (this.#closed) throw new Error("the repositories are closed");
    const key = addressKey(o);
    let poll = this.#polls.get(key);
    if (poll === undefined) {
      poll = new RepositoryPoll({
        address: { url: o.url, credentials: o.credentials },
        remote: this.#remote,
        clock: this.#clock,
        onUnused: () => {
          this.#polls.delete(key);
          void this.#remote.forget(o).catch(() => {});
        },
      });
      this.#polls.set(key, poll);
    }
    return poll.track(o);
  }

  /** How many repositories are polled. */
  get size(): number {
    return this.#polls.size;
  }

  /** Ends all polls. The remote is its owner's to close. */
  close(): void {
    this.#closed = true;
    for (const poll of [...this.#polls.values()]) poll.close();
    this.#polls.clear();
  }
}
