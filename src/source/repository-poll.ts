import type { GitRef } from "../model/application.ts";
import { asProblem, type Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { refKey } from "./git/refs.ts";
import type { GitRemote, RemoteAddress, Resolution, Resolved } from "./git/remote.ts";
import { renamed } from "./snapshot.ts";
import type { Known, SourceClock, SourceState, Tracking, TrackOptions } from "./tracking.ts";

/** No repository is asked more often, whatever an Application says. */
const shortestIntervalMs = 5_000;
/** Pauses after failures double from here ... */
const firstRetryMs = 5_000;
/** ... up to here, or to the interval where that is longer. */
const longestRetryMs = 120_000;
/** A repository that nobody follows is kept for so long: an Application that is edited stops and starts. */
const lingerMs = 60_000;
/** Who joins a ref that was looked at longer ago waits for another look: it may ask for what was pushed since. */
const freshMs = 5_000;
/** Looks are spread: an interval is up to this share longer or shorter. */
const jitter = 0.1;

interface Tracker {
  intervalMs: number;
  onChange: () => void;
  wanted: TrackOptions["wanted"];
  refreshing: boolean;
  /** What is known is older than its wish to know. */
  awaiting: boolean;
}

/** One ref, and who follows it. */
interface Follow {
  ref: GitRef | undefined;
  state: SourceState;
  trackers: Set<Tracker>;
}

/**
 * The poll of one repository with one credential. A look asks for all refs at once; between
 * looks there is one timer and nothing else. A look that is asked for while one is under way
 * follows it, since that one may have asked before the push.
 */
export class RepositoryPoll {
  readonly #address: RemoteAddress;
  readonly #remote: GitRemote;
  readonly #clock: SourceClock;
  readonly #onUnused: () => void;
  readonly #stopped = new AbortController();
  readonly #follows = new Map<string, Follow>();
  /** By commit: opened once, for all refs and trackers. */
  readonly #snapshots = new Map<string, Promise<Snapshot>>();
  /** A look is queued or under way. */
  #looking = false;
  /** The refs that the look under way asks for. */
  #asked: ReadonlySet<Follow> = new Set();
  #lookAgain = false;
  /** When the last look began (monotonic, milliseconds). */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** When the last look ended (monotonic, milliseconds). */
  #answeredAt: number | undefined;
  #failures = 0;
  #retryAfterMs = 0;
  #cancelTimer: () => void = () => {};
  #scheduledMs = Number.POSITIVE_INFINITY;
  /** Wait for the look under way ... */
  #settlingNow: (() => void)[] = [];
  /** ... and for the one after. */
  #settlingNext: (() => void)[] = [];

  constructor(o: {
    address: RemoteAddress;
    remote: GitRemote;
    clock: SourceClock;
    /** Nobody has followed it for a while; it is closed. */
    onUnused: () => void;
  }) {
    this.#address = o.address;
    this.#remote = o.remote;
    this.#clock = o.clock;
    this.#onUnused = o.onUnused;
  }

  track(o: Pick<TrackOptions, "ref" | "intervalMs" | "onChange" | "wanted">): Tracking {
    const key = refKey(o.ref);
    let follow = this.#follows.get(key);
    const { intervalMs, onChange, wanted } = o;
    const stale =
      follow?.state.state === "known" &&
      o.ref?.commit === undefined &&
      this.#clock.now() - this.#lookedAt > freshMs;
    const tracker: Tracker = { intervalMs, onChange, wanted, refreshing: stale, awaiting: stale };
    if (follow === undefined) {
      follow = { ref: o.ref, state: { state: "pending" }, trackers: new Set() };
      this.#follows.set(key, follow);
      this.#look();
    }
    const followed = follow;
    followed.trackers.add(tracker);
    if (stale) this.#look();
    if (!this.#looking && this.#interval() < this.#scheduledMs) this.#schedule();
    return {
      current: () => (tracker.awaiting ? { state: "pending" } : followed.state),
      refresh: () => {
        if (!followed.trackers.has(tracker)) return;
        tracker.refreshing = true;
        this.#look();
      },
      lookedAt: () =>
        followed.ref?.commit !== undefined && followed.state.state === "known"
          ? this.#clock.now()
          : this.#answeredAt,
      settled: () => {
        if (!followed.trackers.has(tracker) || this.#stopped.signal.aborted) {
          return Promise.resolve();
        }
        // A look that runs does not answer a refresh that was asked for since.
        const waiting =
          this.#asked.has(followed) && !tracker.refreshing ? this.#settlingNow : this.#settlingNext;
        return new Promise((resolve) => waiting.push(resolve));
      },
      stop: () => this.#untrack(key, followed, tracker),
    };
  }

  close(): void {
    this.#cancelTimer();
    this.#stopped.abort(new Error("the source is not followed any more"));
    this.#snapshots.clear();
    this.#settle([...this.#settlingNow, ...this.#settlingNext]);
  }

  #untrack(key: string, follow: Follow, tracker: Tracker): void {
    if (!follow.trackers.delete(tracker) || follow.trackers.size > 0) return;
    this.#follows.delete(key);
    this.#dropSnapshots();
    if (this.#follows.size > 0 || this.#stopped.signal.aborted) return;
    this.#settle([...this.#settlingNow.splice(0), ...this.#settlingNext.splice(0)]);
    this.#linger();
  }

  #linger(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(lingerMs, () => {
      if (this.#follows.size > 0) return;
      this.close();
      this.#onUnused();
    });
  }

  /** Looks in the next turn, so that all who ask in this one share the look. */
  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    this.#cancelTimer();
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const asked = [...this.#follows.values()];
    if (asked.length === 0) {
      this.#looking = false;
      this.#linger();
      return;
    }
    const refreshing = asked.flatMap(({ trackers }) =>
      [...trackers].filter((tracker) => tracker.refreshing),
    );
    for (const tracker of refreshing) tracker.refreshing = false;
    this.#lookedAt = this.#clock.now();
    this.#asked = new Set(asked);
    this.#settlingNow = this.#settlingNext;
    this.#settlingNext = [];

    let answers: readonly Resolution[] = [];
    let problem: Problem | undefined;
    try {
      answers = await this.#remote.resolve({
        ...this.#address,
        refs: asked.map(({ ref }) => ref),
        signal: this.#stopped.signal,
      });
    } catch (error) {
      problem = asProblem(error);
    }
    this.#looking = false;
    this.#answeredAt = this.#clock.now();
    this.#asked = new Set();
    const settling = this.#settlingNow;
    this.#settlingNow = [];
    if (this.#stopped.signal.aborted) {
      this.#settle(settling);
      return;
    }
    this.#failures = problem === undefined ? 0 : this.#failures + 1;
    this.#retryAfterMs = (problem?.retryAfter ?? 0) * 1000;

    const told = new Set<Tracker>(refreshing);
    for (const tracker of refreshing) tracker.awaiting = false;
    asked.forEach((follow, i) => {
      const answer = problem ?? answers[i];
      if (answer === undefined || !this.#answer(follow, answer)) return;
      for (const tracker of follow.trackers) told.add(tracker);
    });
    this.#dropSnapshots();
    const again = this.#lookAgain && this.#follows.size > 0;
    this.#lookAgain = false;
    if (again) {
      this.#look();
    } else {
      this.#schedule();
    }
    for (const tracker of told) tracker.onChange();
    this.#settle(settling);
  }

  /** @returns whether it is news */
  #answer(follow: Follow, answer: Resolution): boolean {
    const { state } = follow;
    const last =
      state.state === "failed" ? state.last : state.state === "known" ? state : undefined;
    if (answer instanceof Error) {
      follow.state = {
        state: "failed",
        problem: answer,
        ...(last === undefined ? {} : { last: known(last) }),
      };
      return (
        state.state !== "failed" ||
        state.problem.code !== answer.code ||
        state.problem.message !== answer.message
      );
    }
    if (last?.commit === answer.commit && last.revision === answer.revision) {
      follow.state = { state: "known", ...known(last) };
      return state.state !== "known";
    }
    follow.state = {
      state: "known",
      ...answer,
      snapshot: () => this.#open(answer),
    };
    return true;
  }

  async #open(revision: Resolved): Promise<Snapshot> {
    let snapshot = this.#snapshots.get(revision.commit);
    if (snapshot === undefined) {
      const opening = this.#remote.open({
        ...this.#address,
        ...revision,
        signal: this.#stopped.signal,
        ahead: (snapshot) => this.#wantedOf(snapshot),
      });
      this.#snapshots.set(revision.commit, opening);
      opening.catch(() => {
        if (this.#snapshots.get(revision.commit) === opening) {
          this.#snapshots.delete(revision.commit);
        }
      });
      snapshot = opening;
    }
    return renamed(await snapshot, revision.revision);
  }

  /** The blobs that those who follow its commit will read. */
  async #wantedOf(snapshot: Snapshot): Promise<readonly string[]> {
    const ids = new Set<string>();
    for (const { state, trackers } of this.#follows.values()) {
      if (state.state !== "known" || state.commit !== snapshot.commit.id) continue;
      for (const { wanted } of trackers) {
        // Its own reader says what is wrong with it.
        for (const id of (await wanted?.(snapshot).catch(() => [])) ?? []) ids.add(id);
      }
    }
    return [...ids];
  }

  /** Trees of commits that nobody follows any more. Whoever still holds a snapshot keeps it. */
  #dropSnapshots(): void {
    const wanted = new Set<string>();
    for (const { state } of this.#follows.values()) {
      if (state.state === "known") wanted.add(state.commit);
      if (state.state === "failed" && state.last !== undefined) wanted.add(state.last.commit);
    }
    for (const commit of this.#snapshots.keys()) {
      if (!wanted.has(commit)) this.#snapshots.delete(commit);
    }
  }

  #interval(): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (const { trackers } of this.#follows.values()) {
      for (const { intervalMs } of trackers) shortest = Math.min(shortest, intervalMs);
    }
    return Math.max(shortestIntervalMs, shortest);
  }

  #schedule(): void {
    if (this.#follows.size === 0) return;
    this.#cancelTimer();
    // Pinned commits do not move: only what failed is looked at again.
    const moving = [...this.#follows.values()].some(
      ({ ref, state }) => ref?.commit === undefined || state.state !== "known",
    );
    if (!moving || this.#stopped.signal.aborted) return;
    const interval = this.#interval();
    let pause = interval;
    if (this.#failures > 0) {
      const doubled = firstRetryMs * 2 ** Math.min(this.#failures - 1, 20);
      pause = Math.min(doubled, Math.max(longestRetryMs, interval));
      pause = Math.max(pause, this.#retryAfterMs);
    }
    this.#scheduledMs = interval;
    const spread = 1 + jitter * (2 * this.#clock.random() - 1);
    this.#cancelTimer = this.#clock.after(pause * spread, () => this.#look());
  }

  #settle(waiting: readonly (() => void)[]): void {
    for (const resolve of waiting) resolve();
  }
}

function known({ commit, revision, snapshot }: Known): Known {
  return { commit, revision, snapshot };
}
