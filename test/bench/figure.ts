/** What a scenario measured, and the goals that it is held to. */

export type Scenario = "floor" | "B1" | "B3" | "B4" | "B5" | "R";

export type Unit = "s" | "ms" | "x floor" | "x binary" | "requests" | "MiB" | "%" | "per object";

export interface Figure {
  readonly scenario: Scenario;
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** The run fails when the value is above it. */
  readonly atMost?: number;
  /** The run fails when the value is below it. */
  readonly atLeast?: number;
}

export function isMissed({ value, atMost, atLeast }: Figure): boolean {
  // Not `value > atMost`: what is not a number misses its goal too.
  if (atMost !== undefined && !(value <= atMost)) return true;
  return atLeast !== undefined && !(value >= atLeast);
}

/** `<= 2 x floor`; empty when it has none. */
export function goalOf({ unit, atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `<= ${atMost} ${unit}`;
  return atLeast === undefined ? "" : `>= ${atLeast} ${unit}`;
}

/** `B1 install: 2.41 x floor, goal <= 2 x floor`. */
export function missedGoal(figure: Figure): string {
  return `${figure.scenario} ${figure.what}: ${inUnit(figure)}, goal ${goalOf(figure)}`;
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
