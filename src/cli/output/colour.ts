/** Colours by what a word means; the words say it without them, too. */
import { styleText } from "node:util";

export type Tone = "good" | "busy" | "bad" | "faint";

const styles = { good: "green", busy: "yellow", bad: "red", faint: "gray" } as const;

/** States of sync, health, history and Events. */
const tones: ReadonlyMap<string, Tone> = new Map([
  ["Synced", "good"],
  ["Healthy", "good"],
  ["Deployed", "good"],
  ["True", "good"],
  ["OutOfSync", "busy"],
  ["Progressing", "busy"],
  ["Suspended", "busy"],
  ["Superseded", "faint"],
  ["Unknown", "faint"],
  ["Normal", "faint"],
  ["Degraded", "bad"],
  ["Missing", "bad"],
  ["Failed", "bad"],
  ["False", "bad"],
  ["Warning", "bad"],
]);

export function toneOf(state: string): Tone | undefined {
  return tones.get(state);
}

/** @param on as Terminal.colour says */
export function coloured(text: string, tone: Tone | undefined, on: boolean): string {
  if (!on || tone === undefined || text === "") return text;
  // Whether this is a terminal was decided where it is known.
  return styleText(styles[tone], text, { validateStream: false });
}
