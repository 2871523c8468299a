import { Worker } from "node:worker_threads";
import { Problem } from "../model/problem.ts";
import type { RenderLimits } from "./limits.ts";
import type { ManifestOutcome } from "./manifest.ts";
import type { ParserAnswer, ParserData } from "./parser-worker.ts";

interface Job {
  files: readonly Uint8Array[];
  resolve: (answer: ParserAnswer) => void;
  reject: (error: Error) => void;
}

/** The files of a job ended it: deadline, memory, a fault of the parser. */
export class ParserFailure extends Error {}

interface Thread {
  worker: Worker;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface ParserPoolOptions {
  /** Threads at most; started when there is work. */
  workers: number;
  /** Longest time for one job. */
  deadlineMs: number;
  /** After so long without work a thread ends. */
  idleMs?: number;
  /** Heap of one thread, in MiB. */
  heapMiB?: number;
  limits: RenderLimits;
}

/**
 * Parses in worker threads: a file that takes for ever costs its own job, by `terminate()`, and
 * nobody else's. Answers are JSON texts, which cross threads faster than objects.
 */
export class ParserPool {
  readonly #options: Required<ParserPoolOptions>;
  readonly #threads = new Set<Thread>();
  #queue: Job[] = [];
  #closed = false;

  constructor(options: ParserPoolOptions) {
    this.#options = { idleMs: 10_000, heapMiB: 512, ...options };
  }

  /** Threads that are running. */
  get size(): number {
    return this.#threads.size;
  }

  /**
   * One outcome for each file, in order.
   * @throws ParserFailure when the deadline passed or memory ran out
   */
  parse(files: readonly Uint8Array[]): Promise<readonly ManifestOutcome[]> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#queue.push({ files, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const queue = this.#queue;
    this.#queue = [];
    for (const job of queue) job.reject(closed());
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, closed())));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      let free: Thread | undefined;
      for (const thread of this.#threads) if (thread.job === undefined) free = thread;
      if (free === undefined && this.#threads.size < this.#options.workers) free = this.#start();
      if (free === undefined) return;
      this.#run(free, this.#queue.shift() as Job);
    }
  }

  #run(thread: Thread, job: Job): void {
    clearTimeout(thread.timer);
    thread.job = job;
    thread.worker.ref();
    const { deadlineMs } = this.#options;
    const late = () =>
      this.#end(thread, new ParserFailure(`parsing takes longer than ${deadlineMs / 1000} s`));
    thread.timer = setTimeout(late, deadlineMs);
    // Copies: a Buffer may be a slice of a larger one, all of which would cross.
    const copies = job.files.map((file) => new Uint8Array(file));
    thread.worker.postMessage(
      copies,
      copies.map(({ buffer }) => buffer),
    );
  }

  #start(): Thread {
    const data: ParserData = { limits: this.#options.limits };
    // TypeScript in the checkout, JavaScript in dist.
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const worker = new Worker(new URL(`./parser-worker.${extension}`, import.meta.url), {
      workerData: data,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMiB },
    });
    const thread: Thread = { worker, job: undefined, timer: undefined };
    this.#threads.add(thread);
    worker.on("message", (answer: ParserAnswer) => {
      const { job } = thread;
      thread.job = undefined;
      clearTimeout(thread.timer);
      job?.resolve(answer);
      worker.unref();
      this.#dispatch();
      if (thread.job === undefined) {
        thread.timer = setTimeout(() => this.#end(thread, closed()), this.#options.idleMs).unref();
      }
    });
    worker.on("error", (error: Error & { code?: string }) => {
      const what =
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? `parsing takes more than ${this.#options.heapMiB} MiB of memory`
          : "the parser fails";
      void this.#end(thread, new ParserFailure(what, { cause: error }));
    });
    worker.on("exit", () => {
      void this.#end(thread, new ParserFailure("the parser ends"));
    });
    return thread;
  }

  async #end(thread: Thread, error: Error): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    clearTimeout(thread.timer);
    const { job } = thread;
    thread.job = undefined;
    job?.reject(error);
    this.#dispatch();
    await thread.worker.terminate();
  }
}

function closed(): Problem {
  return new Problem("RendererFailed", "the renderer was closed");
}
