/**
 * The background sweep: each object once in a long interval, spread evenly, is compared by a
 * dry-run, so that exactness does not rest on managedFields alone (empty maps that we set,
 * admission that changes our values on somebody else's write).
 */
import type { ApplicationState } from "./state.ts";

export interface SweepOptions {
  /** Each object once in this time; 0: no sweep. */
  intervalMs: number;
  applications(): Iterable<ApplicationState>;
  suspect(state: ApplicationState, key: string): void;
}

/** How often the sweep looks how far it should have come. */
const tickMs = 5_000;

export class Sweep {
  readonly #options: SweepOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: { state: ApplicationState; key: string }[] = [];
  #credit = 0;
  #size = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.intervalMs <= 0) return;
    this.#timer = setInterval(() => this.tick(tickMs), tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Suspects as many objects as `elapsedMs` is worth. */
  tick(elapsedMs: number): void {
    if (this.#round.length === 0) {
      this.#round = [...this.#options.applications()].flatMap((state) =>
        state.application.spec.mode === "enforce"
          ? [...(state.desired?.targets.keys() ?? [])].map((key) => ({ state, key }))
          : [],
      );
      this.#size = this.#round.length;
    }
    this.#credit += (elapsedMs / this.#options.intervalMs) * this.#size;
    for (; this.#credit >= 1 && this.#round.length > 0; this.#credit--) {
      const next = this.#round.pop();
      if (next !== undefined && !next.state.stopped) this.#options.suspect(next.state, next.key);
    }
  }
}
