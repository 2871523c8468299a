/** What is left to say at the end: the table of steps, and why the last one failed. */
import { milliseconds, type Narrator } from "./narrator.ts";
import type { StepFailed, StepRecord } from "./steps.ts";

export function printSummary(narrator: Narrator, records: readonly StepRecord[]): void {
  const width = Math.max(...records.map(({ name }) => name.length));
  const colours = { ok: "green", skipped: "yellow", failed: "red" } as const;
  narrator.print(`\n${narrator.paint("bold", "Summary")}`);
  for (const [index, { name, outcome, text, ms }] of records.entries()) {
    const result = narrator.paint(colours[outcome], outcome.padEnd(7));
    const time = (ms === undefined ? "" : milliseconds(ms)).padStart(9);
    const number = String(index + 1).padStart(2);
    narrator.print(
      `  ${number}  ${name.padEnd(width)}  ${result}  ${time}  ${text.split("\n")[0]}`,
    );
  }
}

/** @param log the last lines of the controller's log */
export function printFailure(
  narrator: Narrator,
  failed: StepFailed,
  log: { path: string; lines: readonly string[] } | undefined,
): void {
  const indented = (text: string) => text.replaceAll("\n", "\n            ");
  narrator.print(`\n${narrator.paint("red", `The step "${failed.step}" failed.`)}`);
  narrator.print(`  expected: ${indented(failed.expected)}`);
  narrator.print(`  seen:     ${indented(failed.seen)}`);
  if (log === undefined) return;
  narrator.print(`  the last lines of the controller's log:`);
  for (const line of log.lines) narrator.print(`    ${line}`);
}
