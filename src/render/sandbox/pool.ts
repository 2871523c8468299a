/** Renderers' threads: who runs when, for how long, and when a thread ends. */
import { Admission } from "./admission.ts";
import type { SandboxFiles } from "./file-channel.ts";
import type { SandboxLimits } from "./limits.ts";
import type { Run } from "./messages.ts";
import { Shelf } from "./shelf.ts";
import { crashed, Thread, type ThreadOutcome } from "./thread.ts";

/** One run, and with what it came out. */
export interface Job {
  readonly key: string;
  run: Run;
  files: SandboxFiles;
  /** `waited`: milliseconds until a thread took it. */
  settle: (outcome: ThreadOutcome, waited: number) => void;
  /**
   * Asked of each outcome: whether the job is to be run again, on the same thread, as `run` says
   * then.
   */
  again: (outcome: ThreadOutcome) => boolean;
}

export interface PoolOptions {
  directory: string;
  limits: SandboxLimits;
  /** Threads at most; started when there is work. */
  workers: number;
  /** After so long without work a thread ends, and with the last one all memory of renderers. */
  idleMs: number;
  /** A run that holds the last place for so long while others wait gives way, once. */
  patienceMs: number;
}

interface Busy {
  job: Waiting;
  thread: Thread;
  suspect: boolean;
  timer: NodeJS.Timeout;
}

/** What ended the run tells of its key: too much was taken. */
const exhausting = (outcome: ThreadOutcome): boolean =>
  outcome.how === "late" ||
  outcome.how === "preempted" ||
  (outcome.how === "crashed" && outcome.outOfMemory) ||
  (outcome.how === "replied" &&
    "refusal" in outcome.reply &&
    outcome.reply.refusal.exhausting === true);

interface Waiting extends Job {
  since: number;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #admission: Admission<Waiting>;
  readonly #busy = new Set<Busy>();
  readonly #free = new Map<Thread, NodeJS.Timeout>();
  readonly #ending = new Set<Promise<void>>();
  readonly #shelf = new Shelf();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#admission = new Admission(options.workers);
  }

  /** Threads there are. */
  get size(): number {
    return this.#busy.size + this.#free.size;
  }

  get busy(): number {
    return this.#busy.size;
  }

  get waiting(): number {
    return this.#admission.waiting;
  }

  /** @returns takes the job back, or ends its run: it is settled as stopped */
  add(job: Job): () => void {
    const waiting: Waiting = { ...job, since: performance.now() };
    if (this.#closed) {
      queueMicrotask(() => job.settle({ how: "stopped" }, 0));
      return () => {};
    }
    this.#admission.add(waiting);
    this.#dispatch();
    this.#relieve();
    return () => {
      if (this.#admission.remove(waiting)) job.settle({ how: "stopped" }, waited(waiting));
      for (const { job: running, thread } of this.#busy) {
        if (running === waiting) this.#end(thread.stop({ how: "stopped" }));
      }
    };
  }

  /** Ends all threads; what waits or runs is settled as stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#admission.clear()) job.settle({ how: "stopped" }, waited(job));
    for (const { thread } of this.#busy) this.#end(thread.stop({ how: "stopped" }));
    for (const thread of this.#free.keys()) this.#retire(thread);
    await Promise.all(this.#ending);
    this.#shelf.clear();
  }

  #dispatch(): void {
    for (;;) {
      const job = this.#closed ? undefined : this.#admission.next();
      if (job === undefined) return;
      void this.#serve(job);
    }
  }

  async #serve(job: Waiting): Promise<void> {
    const thread = this.#threadFor(job.run.renderer);
    const suspect = this.#admission.isSuspect(job.key);
    const busy: Busy = { job, thread, suspect, timer: this.#patience() };
    this.#busy.add(busy);
    const waitedMs = waited(job);
    let outcome: ThreadOutcome;
    try {
      do {
        outcome = await thread.run(job.run, job.files, this.#shelf);
      } while (job.again(outcome));
    } catch (error) {
      // What cannot be sent to the thread.
      outcome = crashed(error instanceof Error ? error : new Error(String(error)));
      this.#end(thread.stop());
    }
    clearTimeout(busy.timer);
    // Who gave way once does so again, until a run of his is short.
    const isSlow = suspect && thread.elapsedMs >= this.#options.patienceMs;
    this.#busy.delete(busy);
    if (outcome.how === "replied" && outcome.reply.grown) this.#end(thread.stop());
    if (!thread.gone) this.#rest(thread);
    this.#admission.done(job.key, isSlow || exhausting(outcome));
    if (outcome.how === "preempted" && !this.#closed) this.#admission.add(job);
    else job.settle(outcome, waitedMs);
    this.#dispatch();
  }

  /** One that has the module, else any, else another one. */
  #threadFor(renderer: string): Thread {
    const free = [...this.#free.keys()];
    const thread = free.find((each) => each.has(renderer)) ?? free[0];
    if (thread === undefined) {
      const started: Thread = new Thread({ ...this.#options, onExit: () => this.#forget(started) });
      return started;
    }
    this.#forget(thread);
    return thread;
  }

  #rest(thread: Thread): void {
    const timer = setTimeout(() => this.#retire(thread), this.#options.idleMs);
    timer.unref();
    this.#free.set(thread, timer);
  }

  #retire(thread: Thread): void {
    this.#forget(thread);
    this.#end(thread.stop());
    // With the last thread the renderers' memory goes.
    if (this.size === 0) this.#shelf.clear();
  }

  #forget(thread: Thread): void {
    clearTimeout(this.#free.get(thread));
    this.#free.delete(thread);
  }

  #end(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #patience(): NodeJS.Timeout {
    return setTimeout(() => this.#relieve(), this.#options.patienceMs).unref();
  }

  /** Every place is held by a run that takes its time, and others wait: the shortest gives way. */
  #relieve(): void {
    const { workers, patienceMs } = this.#options;
    if (this.#busy.size < workers || !this.#admission.ordinaryWaits) return;
    const slow = [...this.#busy].filter(({ suspect }) => !suspect);
    const shortest = slow.sort((a, b) => a.thread.elapsedMs - b.thread.elapsedMs)[0];
    if (shortest === undefined) return;
    if (shortest.thread.elapsedMs >= patienceMs) {
      this.#end(shortest.thread.stop({ how: "preempted" }));
      return;
    }
    clearTimeout(shortest.timer);
    shortest.timer = this.#patience();
  }
}

function waited(job: Waiting): number {
  return performance.now() - job.since;
}
