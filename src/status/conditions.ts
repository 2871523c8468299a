/**
 * From what a run did to the status that users, `kubectl wait`, dashboards and alerts read.
 *
 * All six conditions are always present. kstatus takes a missing Reconciling or Stalled and one
 * that is False for the same; present, they keep the time of their last transition, and
 * `kubectl wait --for=condition=Stalled=false` works.
 *
 * Pure, and the same again for the same facts: no time in it moves without a transition, so that
 * a pass that found nothing new writes nothing (invariant 9).
 */

import { isDeepStrictEqual } from "node:util";
import type { ApplicationStatus, Rollback } from "../model/application.ts";
import { type Condition, type ConditionType, conditionTypes } from "../model/condition.ts";
import { timestamp } from "../model/time.ts";
import { boundText } from "./bound.ts";
import { heldPruneOf, nextDrift, problemsOf } from "./details.ts";
import { nextHistory } from "./history.ts";
import { rollbackIn, rollbackText } from "./rollback.ts";
import { type Case, caseOf, conditionOf, type Decision, type StatusInput } from "./situation.ts";
import { drifted, healthy, ready, reconciling, stalled, synced } from "./verdicts.ts";

export type { StatusInput } from "./situation.ts";

const maxMessage = 2048;

/**
 * The status after a run. What the run did not learn stays as it was: on a source or render
 * problem `revision`, `commit`, `objects`, `problems` and `history` are those of the last good
 * state, while Synced and Ready tell of the problem.
 */
export function nextStatus(input: StatusInput): ApplicationStatus {
  const theCase = caseOf(input);
  const { situation, assessment, previous } = theCase;
  const time = timestamp(input.now);
  const complete = isComplete(theCase);
  const report = situation.kind === "reported" ? situation.report : undefined;
  const stuck = assessment?.troubles.some(
    ({ standing, report: { problem } }) =>
      standing === "failed" && problem !== undefined && problem.retry !== "transient",
  );
  const attempted = input.revision ?? report?.revision ?? previous.attemptedRevision;
  const revision = complete ? report?.revision : previous.revision;
  const conditions = conditionsOf(theCase, revision, time);
  const commit = complete && input.commit !== undefined ? commitOf(input.commit) : previous.commit;
  const refresh = input.handledRefresh ?? previous.lastHandledRefresh;
  const holding = situation.kind === "deleting" ? input.report : report;
  const held =
    holding === undefined ? previous.heldPrune : holding.held && heldPruneOf(holding.held);
  const drift = input.lastDrift ?? nextDrift(input.report, previous.lastDrift, time);
  const history = nextHistory(theCase, { applied: complete, stuck: stuck === true, time });
  return defined({
    observedGeneration: input.application.generation,
    conditions,
    sync: syncOf(conditions),
    health: healthOf(theCase),
    revision,
    attemptedRevision: attempted,
    commit,
    rollback: rollbackIn(theCase),
    lastHandledRefresh: refresh,
    objects: assessment?.counts ?? previous.objects,
    problems: assessment === undefined ? previous.problems : problemsOf(assessment),
    heldPrune: held,
    lastDrift: drift,
    history,
  });
}

/** Of a rollback Ready says so, whatever else there is to say. */
function withRollback(
  decision: Decision,
  rollback: Rollback | undefined,
  revision: string | undefined,
): Decision {
  if (decision === "keep" || rollback === undefined) return decision;
  const note = rollbackText(rollback, revision);
  const message = boundText(decision.message, maxMessage - note.length - 1);
  return { ...decision, message: `${message} ${note}` };
}

/** Do both say the same? Then there is nothing to write. */
export function statusEquals(a: ApplicationStatus, b: ApplicationStatus): boolean {
  return isDeepStrictEqual(defined(a), defined(b));
}

/**
 * Was all of the revision applied (observe, warn: compared)? A prune that is held or not over
 * yet, and drift since, do not undo that; a run that was stopped half-way does.
 */
function isComplete({ situation }: Case): boolean {
  return (
    situation.kind === "reported" &&
    situation.problem === undefined &&
    situation.assessment.counts.failed === 0
  );
}

/** What was known before a restart is not known after it, until the objects were looked at. */
function healthOf({ situation, assessment, previous }: Case): ApplicationStatus["health"] {
  if (situation.kind === "suspended") return "Suspended";
  if (assessment !== undefined) return assessment.health;
  return situation.kind === "stopped" ? "Unknown" : (previous.health ?? "Unknown");
}

/** @param revision the last one that was applied in full */
function conditionsOf(theCase: Case, revision: string | undefined, time: string): Condition[] {
  const syncedNow = synced(theCase);
  const healthyNow = healthy(theCase);
  const stalledNow = stalled(theCase);
  const isStalled =
    (stalledNow === "keep" ? conditionOf(theCase.previous, "Stalled") : stalledNow)?.status ===
    "True";
  const decisions: Record<ConditionType, Decision> = {
    Ready: withRollback(ready(theCase, syncedNow, healthyNow), rollbackIn(theCase), revision),
    Reconciling: reconciling(theCase, isStalled),
    Stalled: stalledNow,
    Synced: syncedNow,
    Healthy: healthyNow,
    Drifted: drifted(theCase),
  };
  return conditionTypes.map((type) => transition(theCase, type, decisions[type], time));
}

function transition(
  { input, previous }: Case,
  type: ConditionType,
  decision: Decision,
  time: string,
): Condition {
  const former = conditionOf(previous, type);
  if (decision === "keep" && former !== undefined) return former;
  const verdict =
    decision === "keep"
      ? { status: "Unknown" as const, reason: "Pending", message: "Nothing is known yet." }
      : decision;
  return {
    type,
    status: verdict.status,
    reason: verdict.reason,
    message: boundText(verdict.message, maxMessage),
    observedGeneration: input.application.generation,
    lastTransitionTime: former?.status === verdict.status ? former.lastTransitionTime : time,
  };
}

function syncOf(conditions: readonly Condition[]): NonNullable<ApplicationStatus["sync"]> {
  const condition = conditions.find(({ type }) => type === "Synced");
  if (condition?.status === "True") return "Synced";
  return condition?.status === "False" ? "OutOfSync" : "Unknown";
}

function commitOf(
  commit: NonNullable<StatusInput["commit"]>,
): NonNullable<ApplicationStatus["commit"]> {
  return {
    id: commit.id,
    author: boundText(commit.author, 128),
    message: boundText(commit.subject, 256),
    time: commit.time,
  };
}

/** Without the members that are undefined: what the apiserver would give back. */
function defined(
  status: { [K in keyof ApplicationStatus]: ApplicationStatus[K] | undefined },
): ApplicationStatus {
  return Object.fromEntries(
    Object.entries(status).filter(([, value]) => value !== undefined),
  ) as ApplicationStatus;
}
