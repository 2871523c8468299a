/** One renderer's thread, from the main thread's side: one run at a time. */
import { MessageChannel, Worker } from "node:worker_threads";
import {
  answerQuestion,
  createBell,
  type FileQuestion,
  type SandboxFiles,
} from "./file-channel.ts";
import type { SandboxLimits } from "./limits.ts";
import type { Run, RunMessage, RunReply, ThreadData } from "./messages.ts";
import { markFull, portsOf, type Shelf, type ShelfPlaces } from "./shelf.ts";
import { clockCells, elapsedMs, spentMs } from "./thread-clock.ts";

/** How a run ended. `crashed`: its thread is gone. */
export type ThreadOutcome =
  | { how: "replied"; reply: RunReply }
  /** The files' own error: a Problem of the snapshot. */
  | { how: "files"; error: unknown }
  | { how: "late" }
  | { how: "stopped" }
  /** It has to give way, and is run again. */
  | { how: "preempted" }
  | { how: "crashed"; error: Error; outOfMemory: boolean };

interface Running {
  files: SandboxFiles;
  settle: (outcome: ThreadOutcome) => void;
  fileError: { error: unknown } | undefined;
  timer: NodeJS.Timeout;
}

/** Beside the modules' memory: texts of objects and files. */
const heapMiB = 256;
/** Of which for what is young: little of what a run makes outlives it. */
const youngMiB = 8;
/** A thread that does not come to its work is broken. */
const longestStartMs = 120_000;

export class Thread {
  readonly #worker: Worker;
  readonly #port;
  readonly #bell = createBell();
  readonly #clock = clockCells();
  readonly #deadlineMs: number;
  readonly #renderers = new Set<string>();
  readonly #toFill: ShelfPlaces[] = [];
  #run: Running | undefined;
  #gone = false;

  constructor(o: { directory: string; limits: SandboxLimits; onExit: () => void }) {
    this.#deadlineMs = o.limits.deadlineMs;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const data: ThreadData = {
      directory: o.directory,
      limits: o.limits,
      port: port2,
      bell: this.#bell,
      clock: this.#clock,
    };
    // TypeScript in the checkout, JavaScript in dist.
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
      argv: [],
      env: {},
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: youngMiB },
    });
    this.#worker.on("message", (reply: RunReply) => this.#reply(reply));
    let failure: Error | undefined;
    this.#worker.on("error", (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on("exit", () => {
      this.#gone = true;
      this.#port.close();
      for (const places of this.#toFill) markFull(places);
      this.#settle(crashed(failure));
      o.onExit();
    });
    this.#port.on("message", (question: FileQuestion) => void this.#answer(question));
    this.#port.unref();
    this.#worker.unref();
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** It has the renderer's module. */
  has(renderer: string): boolean {
    return this.#renderers.has(renderer);
  }

  /** Milliseconds since the run began; 0 while its renderer is made ready. */
  get elapsedMs(): number {
    return elapsedMs(this.#clock, process.hrtime.bigint());
  }

  /** Of which it took of its own: without the time in which files were waited for. */
  get spentMs(): number {
    return spentMs(this.#clock, process.hrtime.bigint());
  }

  /** @param shelf where a renderer that is new to the thread may be had from */
  run(run: Run, files: SandboxFiles, shelf: Shelf): Promise<ThreadOutcome> {
    return new Promise<ThreadOutcome>((settle) => {
      if (this.#gone) {
        settle(crashed(undefined));
        return;
      }
      const started = performance.now();
      this.#clock.fill(0n);
      this.#worker.ref();
      this.#run = {
        files,
        settle,
        fileError: undefined,
        timer: setTimeout(() => this.#watch(started), this.#deadlineMs),
      };
      if (this.#renderers.has(run.renderer)) {
        this.#worker.postMessage(run satisfies RunMessage);
      } else {
        this.#renderers.add(run.renderer);
        const places = shelf.places(run.renderer);
        this.#toFill.push(places);
        this.#worker.postMessage({ ...run, shelf: places } satisfies RunMessage, portsOf(places));
      }
    });
  }

  /** Ends what runs, and the thread. */
  async stop(outcome: ThreadOutcome = { how: "stopped" }): Promise<void> {
    this.#gone = true;
    this.#settle(outcome);
    await this.#worker.terminate();
  }

  #watch(started: number): void {
    const run = this.#run;
    if (run === undefined) return;
    const spent = this.spentMs;
    if (spent >= this.#deadlineMs) {
      void this.stop({ how: "late" });
      return;
    }
    if (spent === 0 && performance.now() - started > longestStartMs) {
      void this.stop(crashed(new Error("the thread does not come to its work")));
      return;
    }
    run.timer = setTimeout(() => this.#watch(started), Math.max(1, this.#deadlineMs - spent));
  }

  async #answer(question: FileQuestion): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    try {
      await answerQuestion(question, run.files, { port: this.#port, bell: this.#bell });
    } catch (error) {
      run.fileError ??= { error };
    }
  }

  #reply(reply: RunReply): void {
    const fileError = this.#run?.fileError;
    if (!reply.ok && "ended" in reply) {
      this.#settle({ how: "files", error: fileError?.error });
    } else {
      this.#settle({ how: "replied", reply });
    }
  }

  #settle(outcome: ThreadOutcome): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    clearTimeout(run.timer);
    this.#worker.unref();
    run.settle(outcome);
  }
}

export function crashed(error: (Error & { code?: string }) | undefined): ThreadOutcome {
  return {
    how: "crashed",
    error: error ?? new Error("the thread ended"),
    outOfMemory: error?.code === "ERR_WORKER_OUT_OF_MEMORY",
  };
}
