/** What a scenario measured, and the goals that it is held to. */

export type Scenario = "floor" | "B1" | "B3" | "B4" | "B5";

export const units = ["s", "ms", "x floor", "requests", "MiB", "%", "per object"] as const;

export interface Figure {
  readonly scenario: Scenario;
  readonly what: string;
  readonly value: number;
  readonly unit: (typeof units)[number];
  /** The run fails when the value is above it. */
  readonly atMost?: number;
}

export function isMissed({ value, atMost }: Figure): boolean {
  // Not `value > atMost`: what is not a number misses its goal too.
  return atMost !== undefined && !(value <= atMost);
}

/** `B1 install: 2.41 x floor, goal at most 2 x floor`. */
export function missedGoal(figure: Figure): string {
  const { scenario, what, unit, atMost } = figure;
  return `${scenario} ${what}: ${inUnit(figure)}, goal at most ${atMost} ${unit}`;
}

export function inUnit({ value, unit }: Figure): string {
  return `${rounded(value)} ${unit}`;
}

/** Three digits that mean something; whole numbers stay whole. */
function rounded(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
