/**
 * Memory goes back to the system when work has ended. V8 keeps what a burst took (twenty pushes to
 * a hundred applications: 280 MiB) for as long as anything is allocated now and then, and a
 * controller always allocates a little: watches, Leases, metrics.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection takes about a tenth of a second: at most one for each second of work. */
const workSeconds = 1;
/** Of a core: below it nobody waits for us. */
const quietShare = 0.05;

export interface RestOptions {
  /** How long it has to be quiet. */
  intervalMs: number;
  /** CPU time that the process took until now. */
  cpuSeconds(): number;
  /** Gives back what is free. */
  release(): Promise<void>;
}

export class Rest {
  readonly #options: RestOptions;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** CPU time when memory was given back last. */
  #releasedAt = 0;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  start(): void {
    const { intervalMs } = this.#options;
    this.#timer = setInterval(() => void this.#look(), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { intervalMs, cpuSeconds, release } = this.#options;
    const before = cpuSeconds();
    const quiet = before - this.#lookedAt < (quietShare * intervalMs) / 1000;
    this.#lookedAt = before;
    if (!quiet || before - this.#releasedAt < workSeconds) return;
    this.#releasedAt = before;
    await release();
    // What that took was no work.
    this.#lookedAt = cpuSeconds();
    this.#releasedAt = this.#lookedAt;
  }
}

/** Collects all garbage of this thread, compacts what is left and gives free pages back. */
export function memoryRelease(): () => Promise<void> {
  // As node --expose-gc would, which an image's entry point can say and `mooring` cannot.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as NodeJS.GCFunction;
  return async () => {
    await collect({ type: "major", flavor: "last-resort", execution: "async" });
  };
}
