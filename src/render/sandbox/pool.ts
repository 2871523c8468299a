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
  readonly renderer: string;
  /**
   * Called when its turn has come, again when it had to give way: what waits, however much, holds
   * no files.
   */
  prepare: () => Promise<Run>;
  files: SandboxFiles;
  /** `waited`: milliseconds until a thread took it. */
  settle: (outcome: ThreadOutcome, waited: number) => void;
  /**
   * Asked of each outcome: whether the job is to be run again, on the same thread, as what was
   * prepared says then.
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
  /** While it is prepared: since when, and what ends that. */
  preparing: { since: number; end: (outcome: ThreadOutcome) => void } | undefined;
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
      for (const busy of this.#busy) if (busy.job === waiting) this.#stop(busy, "stopped");
    };
  }

  /** Ends all threads; what waits or runs is settled as stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#admission.clear()) job.settle({ how: "stopped" }, waited(job));
    for (const busy of this.#busy) {
      this.#stop(busy, "stopped");
      this.#end(busy.thread.stop());
    }
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
    const thread = this.#threadFor(job.renderer);
    const suspect = this.#admission.isSuspect(job.key);
    const busy: Busy = { job, thread, suspect, timer: this.#patience(), preparing: undefined };
    this.#busy.add(busy);
    const waitedMs = waited(job);
    const prepared = await this.#prepare(busy);
    const outcome = "how" in prepared ? prepared : await this.#run(job, thread, prepared);
    clearTimeout(busy.timer);
    // Who gave way once does so again, until a run of his is short.
    const isSlow = suspect && elapsedMs(busy) >= this.#options.patienceMs;
    this.#busy.delete(busy);
    if (outcome.how === "replied" && outcome.reply.grown) this.#end(thread.stop());
    if (!thread.gone) this.#rest(thread);
    this.#admission.done(job.key, isSlow || exhausting(outcome));
    if (outcome.how === "preempted" && !this.#closed) this.#admission.add(job);
    else job.settle(outcome, waitedMs);
    this.#dispatch();
  }

  /** The files that it will probably ask for may have to be fetched: not for longer than is patient. */
  #prepare(busy: Busy): Promise<Run | ThreadOutcome> {
    return new Promise((resolve) => {
      const end = (end: Run | ThreadOutcome) => {
        busy.preparing = undefined;
        resolve(end);
      };
      busy.preparing = { since: performance.now(), end };
      busy.job.prepare().then(end, (error: unknown) => end({ how: "files", error }));
    });
  }

  async #run(job: Waiting, thread: Thread, run: Run): Promise<ThreadOutcome> {
    try {
      for (;;) {
        const outcome = await thread.run(run, job.files, this.#shelf);
        if (!job.again(outcome)) return outcome;
      }
    } catch (error) {
      // What cannot be sent to the thread.
      this.#end(thread.stop());
      return crashed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What is still prepared costs the job its turn, what runs costs it its thread. */
  #stop({ preparing, thread }: Busy, how: "stopped" | "preempted"): void {
    if (preparing === undefined) this.#end(thread.stop({ how }));
    else preparing.end({ how });
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
    const shortest = slow.sort((a, b) => elapsedMs(a) - elapsedMs(b))[0];
    if (shortest === undefined) return;
    if (elapsedMs(shortest) >= patienceMs) {
      this.#stop(shortest, "preempted");
      return;
    }
    clearTimeout(shortest.timer);
    shortest.timer = this.#patience();
  }
}

function elapsedMs({ preparing, thread }: Busy): number {
  return preparing === undefined ? thread.elapsedMs : performance.now() - preparing.since;
}

function waited(job: Waiting): number {
  return performance.now() - job.since;
}
