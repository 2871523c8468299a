/** What became so between two statuses: the base of Events and of the counters of problems. */
import type { ApplicationStatus } from "../model/application.ts";
import { catalogue, type ProblemCode } from "../model/problem.ts";
import { keyOf } from "./details.ts";
import { conditionOf } from "./situation.ts";

export type ProblemEntry = NonNullable<ApplicationStatus["problems"]>[number];

/** Entries of these states that the previous status did not have for the same cause. */
export function freshProblems(
  previous: ApplicationStatus,
  next: ApplicationStatus,
  states: readonly string[],
): ProblemEntry[] {
  const before = new Set((previous.problems ?? []).map(causeOf));
  return (next.problems ?? []).filter(
    (entry) => states.includes(entry.state) && !before.has(causeOf(entry)),
  );
}

/** Is this problem of the run as a whole told for the first time at this generation and revision? */
export function isFreshStop(
  previous: ApplicationStatus,
  next: ApplicationStatus,
  code: string,
): boolean {
  return (
    conditionOf(previous, "Ready")?.reason !== code ||
    previous.observedGeneration !== next.observedGeneration ||
    previous.attemptedRevision !== next.attemptedRevision
  );
}

/** The code of the catalogue that an entry's message begins with. */
export function codeIn(message: string): ProblemCode | undefined {
  const [head = ""] = message.split(":", 1);
  return isCode(head) ? head : undefined;
}

export function isCode(reason: string): reason is ProblemCode {
  return Object.hasOwn(catalogue, reason);
}

/** Messages may name versions and times that change with every try: a code is the cause, where there is one. */
function causeOf(entry: ProblemEntry): string {
  return `${keyOf(entry)} ${entry.state} ${codeIn(entry.message) ?? entry.message}`;
}
