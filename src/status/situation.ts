/** What a status is made from, and which of five situations that is: every condition switches on it. */
import type { Application, ApplicationStatus, Rollback } from "../model/application.ts";
import type { Condition, ConditionType } from "../model/condition.ts";
import type { Problem } from "../model/problem.ts";
import type { Report } from "../model/report.ts";
import type { Commit } from "../model/snapshot.ts";
import { type Assessment, assess } from "./assessment.ts";

export interface StatusInput {
  /** As the run began; its `status` is the one to go on from. */
  application: Application;
  now: Date;
  /** The revision that this run works on, once the source told it. */
  revision?: string;
  /** The commit of `revision`. */
  commit?: Commit;
  /**
   * Outcome and health of every object, read after the apply. It may be of an older revision
   * than `revision` (health goes on being watched while a new revision does not render): then
   * it fills counts, health and drift, and says nothing of Synced.
   * What it tells as done (created, healed, pruned) was done since the last status: a pass that
   * only reads health again gives `settled(report)`.
   */
  report?: Report;
  /** What stopped the run as a whole: spec, identity, source, render, live state, deadline. */
  problem?: Problem;
  /** Work is under way or waits for its next try: why. */
  reconciling?: { reason: string; message: string };
  /** `retry.limit` is used up: a transient problem now waits for a change, too. */
  givenUp?: boolean;
  /** Value of `mooring.dev/refresh` that this run answers. */
  handledRefresh?: string;
  /** The rollback that is asked for and has not ended. */
  rollback?: Rollback;
  /** The last drift, where the caller knows it better than the report tells. */
  lastDrift?: NonNullable<ApplicationStatus["lastDrift"]>;
}

export type Situation =
  | { kind: "deleting"; problem: Problem | undefined }
  | { kind: "suspended" }
  /** The run came to its end, or to a report at least. */
  | { kind: "reported"; report: Report; assessment: Assessment; problem: Problem | undefined }
  /** The run ended before there was anything to report of its revision. */
  | { kind: "stopped"; problem: Problem }
  /** No result yet. `retold`: the last result was for the same aim, and still stands. */
  | { kind: "underway"; retold: boolean };

/** A condition without what the previous one decides. */
export interface Verdict {
  status: Condition["status"];
  reason: string;
  message: string;
}

/** `keep`: nothing new is known; the previous condition stays, with its generation. */
export type Decision = Verdict | "keep";

export interface Case {
  input: StatusInput;
  situation: Situation;
  /** Of the report that was given, whatever its revision. */
  assessment: Assessment | undefined;
  previous: ApplicationStatus;
}

export function caseOf(input: StatusInput): Case {
  const { report } = input;
  const assessment = report === undefined ? undefined : assess(report);
  return {
    input,
    assessment,
    previous: input.application.status,
    situation: situationOf(input, assessment),
  };
}

function situationOf(input: StatusInput, assessment: Assessment | undefined): Situation {
  const { application, report, problem, revision } = input;
  if (application.deleting) return { kind: "deleting", problem };
  if (application.spec.suspend) return { kind: "suspended" };
  if (
    report !== undefined &&
    assessment !== undefined &&
    (revision ?? report.revision) === report.revision
  )
    return { kind: "reported", report, assessment, problem };
  if (problem !== undefined) return { kind: "stopped", problem };
  return { kind: "underway", retold: sameAim(input) };
}

/** Is this run for the generation and the revision that the previous status tells of? */
function sameAim({ application, revision }: StatusInput): boolean {
  const { status, generation } = application;
  return (
    status.observedGeneration === generation &&
    (revision === undefined || revision === status.attemptedRevision)
  );
}

export function conditionOf(status: ApplicationStatus, type: ConditionType): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}
