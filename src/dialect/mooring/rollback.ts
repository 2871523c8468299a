/** The annotations of a rollback: which commit, instead of which, until when. */
import { annotations } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";

/** What somebody asks for. */
export interface RollbackRequest {
  to: string;
  /** Absent: what the ref is at when the request is first seen. */
  skip?: string;
  until?: Date;
}

/** Written by people and by `mooring rollback`; the first of them is the request. */
export const rollbackAnnotations = [
  annotations.rollbackTo,
  annotations.rollbackSkip,
  annotations.rollbackUntil,
] as const;

const commitId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
/** RFC 3339, section 5.6; that the day exists is for Date to say. */
const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * @returns undefined where none is asked for
 * @throws Problem InvalidSpec for a value that cannot be understood, of whichever of them
 */
export function rollbackOf(given: Readonly<Record<string, string>>): RollbackRequest | undefined {
  const to = commitIn(given, annotations.rollbackTo);
  const skip = commitIn(given, annotations.rollbackSkip);
  const until = timeIn(given, annotations.rollbackUntil);
  if (to === undefined) return undefined;
  return {
    to,
    ...(skip === undefined ? {} : { skip }),
    ...(until === undefined ? {} : { until }),
  };
}

function commitIn(given: Readonly<Record<string, string>>, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || commitId.test(value)) return value;
  throw invalid(name, "must be the full id of a commit: 40 or 64 digits of 0-9 and a-f");
}

function timeIn(given: Readonly<Record<string, string>>, name: string): Date | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  // To the second, as status says it.
  const time = new Date(value.toUpperCase().replace(/\.\d+/, ""));
  const [, day] = dateTime.exec(value) ?? [];
  if (day === undefined || Number.isNaN(time.getTime()) || !isDay(day))
    throw invalid(name, "must be a time as RFC 3339 has it, e.g. 2026-01-31T18:00:00Z");
  return time;
}

/** Date takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const time = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day);
}

/** The value is not quoted: nobody knows what it is. */
function invalid(name: string, what: string): Problem {
  return new Problem(
    "InvalidSpec",
    `the annotation ${name} ${what}; until it is corrected or removed, what is deployed stays as it is`,
  );
}
