/** Steps: each has a name, a deadline, a result with a time; the first that fails ends the tour. */
import { milliseconds, type Narrator } from "./narrator.ts";

/** What a step shows for its time; `skipped` where there is nothing to show it with. */
export type StepResult =
  | { readonly text: string /** Default: how long the step took. */; readonly ms?: number }
  | { readonly skipped: string };

export interface StepRecord {
  readonly name: string;
  readonly outcome: "ok" | "skipped" | "failed";
  readonly text: string;
  readonly ms?: number;
}

/** A step saw something else than it should have. */
export class Unexpected extends Error {
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string, options?: ErrorOptions) {
    super(`expected ${expected}; seen: ${seen}`, options);
    this.name = "Unexpected";
    this.expected = expected;
    this.seen = seen;
  }
}

/** The tour ends here: this step did not do what it should. */
export class StepFailed extends Error {
  readonly step: string;
  readonly expected: string;
  readonly seen: string;

  constructor(step: string, cause: unknown) {
    const unexpected =
      cause instanceof Unexpected
        ? cause
        : new Unexpected("no error", cause instanceof Error ? cause.message : String(cause));
    super(`${step}: ${unexpected.message}`, { cause });
    this.name = "StepFailed";
    this.step = step;
    this.expected = unexpected.expected;
    this.seen = unexpected.seen;
  }
}

export class Steps {
  readonly records: StepRecord[] = [];
  readonly #narrator: Narrator;
  readonly #monotonic: () => number;

  constructor(narrator: Narrator, monotonic: () => number) {
    this.#narrator = narrator;
    this.#monotonic = monotonic;
  }

  /**
   * Runs a step and records what became of it.
   *
   * @param deadlineMs after that it has failed, whatever it waits for
   * @throws StepFailed
   */
  async run<T extends StepResult>(
    name: string,
    deadlineMs: number,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#narrator.begin(`${this.records.length + 1}. ${name}`);
    const began = this.#monotonic();
    let result: T;
    try {
      result = await within(deadlineMs, work());
    } catch (error) {
      const failed = new StepFailed(name, error);
      this.records.push({ name, outcome: "failed", text: failed.seen });
      await this.#narrator.end("red", "failed");
      throw failed;
    }
    if ("skipped" in result) {
      this.records.push({ name, outcome: "skipped", text: result.skipped });
      await this.#narrator.end("yellow", `not shown: ${result.skipped}`);
      return result;
    }
    const { text, ms = this.#monotonic() - began } = result;
    this.records.push({ name, outcome: "ok", text, ms });
    await this.#narrator.end("green", `✓ ${text} in ${milliseconds(ms)}`);
    return result;
  }
}

async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Unexpected(`an end within ${milliseconds(deadlineMs)}`, "none"));
    timer = setTimeout(fail, deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
