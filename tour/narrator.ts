/**
 * What the tour says: one line an event, in columns of time, actor and text.
 *
 * Lines come from several sources (watches, the controller's log, the tour itself) and are told
 * in the order of when they happened, so each is held back for a moment.
 */
import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";

/** Who did it: `you` is what a person would do by hand, and the tour does for them. */
export type Actor = "you" | "git" | "mooring" | "cluster";
type Style = Parameters<typeof styleText>[0];

interface Line {
  readonly at: number;
  readonly actor: Actor;
  readonly text: string;
}

export interface NarratorOptions {
  /** Colour is used only where it is a terminal that has it (and NO_COLOR is not set). */
  readonly output: NodeJS.WriteStream;
  /** Milliseconds since any fixed point. */
  readonly monotonic: () => number;
}

/** For how long a line waits for those that happened before it, in milliseconds. */
const holdMs = 80;
/** Lines of the controller's that one step shows; an application of hundreds of objects has more. */
const controllerLines = 24;

export class Narrator {
  readonly #options: NarratorOptions;
  #held: Line[] = [];
  #timer: NodeJS.Timeout | undefined;
  #began: number;
  #controllerLines = 0;
  #clock = false;
  #silent = false;

  constructor(options: NarratorOptions) {
    this.#options = options;
    this.#began = options.monotonic();
  }

  /** A new step: times are counted from now. */
  begin(name: string): void {
    this.#began = this.#options.monotonic();
    this.#controllerLines = 0;
    this.print(`\n${this.paint("bold", name)}`);
  }

  /** From here on times are counted from this moment (monotonic). */
  countFrom(at: number): void {
    this.#began = at;
  }

  /** After the steps: from here on the time of day is told, and every line. */
  useClock(): void {
    this.#clock = true;
  }

  /** @param at when it happened (monotonic); default now */
  say(actor: Actor, text: string, at = this.#options.monotonic()): void {
    this.#held.push({ at, actor, text });
    this.#timer ??= setTimeout(() => this.#tell(), holdMs);
  }

  /** The last line of a step, after all that happened in it. */
  async end(style: "green" | "red" | "yellow", text: string): Promise<void> {
    await delay(holdMs);
    this.#tell();
    const more = this.#controllerLines - controllerLines;
    if (more > 0) this.print(`${" ".repeat(24)}... and ${more} more`);
    this.print(`  ${this.paint(style, text)}`);
  }

  /** Nothing is said any more. */
  silence(): void {
    this.#silent = true;
  }

  print(text: string): void {
    if (this.#silent) return;
    this.#options.output.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#options.output });
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#held.sort((a, b) => a.at - b.at);
    this.#held = [];
    for (const { at, actor, text } of lines) {
      const counted = actor === "mooring" && !this.#clock;
      if (counted && ++this.#controllerLines > controllerLines) continue;
      const time = this.paint("gray", this.#time(at).padStart(12));
      this.print(`  ${time}  ${this.paint(colours[actor], actor.padEnd(8))} ${text}`);
    }
  }

  #time(at: number): string {
    if (!this.#clock) return `+${milliseconds(Math.max(0, at - this.#began))}`;
    const then = new Date(Date.now() - (this.#options.monotonic() - at));
    return then.toISOString().slice(11, 23);
  }
}

const colours: Record<Actor, Style> = {
  you: "yellow",
  git: "magenta",
  mooring: "cyan",
  cluster: "blue",
};

/** `7 ms`, `1,204 ms` below ten seconds; `12.3 s` above. */
export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms).toLocaleString("en")} ms` : `${(ms / 1000).toFixed(1)} s`;
}
