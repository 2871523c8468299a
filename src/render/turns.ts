import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds of work in this thread before others have their turn. */
const turnMs = 4;

/** Long work in this thread: `if (turns.over) await turns.next()` between its parts. */
export class Turns {
  #since = performance.now();

  get over(): boolean {
    return performance.now() - this.#since > turnMs;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
