/**
 * Which Events a change of status is worth: transitions only, pure. What happened again, or
 * goes on, is told by conditions and metrics; an Event says that something became so.
 */
import type { ApplicationStatus, Mode } from "../model/application.ts";
import { annotations } from "../model/application.ts";
import type { ConditionType } from "../model/condition.ts";
import { type ObjectRef, refKey } from "../model/object.ts";
import type { Problem } from "../model/problem.ts";
import type { ObjectReport, Outcome, Report } from "../model/report.ts";
import { driftText } from "./assessment.ts";
import { boundText, enumerate, plural } from "./bound.ts";
import { keyOf } from "./details.ts";
import { problemText } from "./redaction.ts";
import { isInForce, type RollbackEnd, rollbackText } from "./rollback.ts";
import { conditionOf } from "./situation.ts";
import { codeIn, freshProblems, isCode, isFreshStop, type ProblemEntry } from "./transitions.ts";

/** An Event of events.k8s.io/v1, without what its recorder adds. */
export interface EventSpec {
  type: "Normal" | "Warning";
  /** CamelCase; the code of the catalogue where a Problem is told. */
  reason: string;
  /** What Mooring was doing: Sync, Heal, Prune, Observe, Reconcile. */
  action: string;
  /** At most 1,024 bytes. */
  note: string;
  related?: ObjectRef;
}

export interface Transition {
  previous: ApplicationStatus;
  next: ApplicationStatus;
  mode: Mode;
  /** What this run did; absent when it did not get so far. See {@link StatusInput.report}. */
  report?: Report;
  /** What stopped the run as a whole. */
  problem?: Problem;
  /** A rollback that this run ended. */
  rollbackEnd?: RollbackEnd;
}

/** The apiserver refuses a longer note. */
export const maxNote = 1024;
/** More than these of one run are summed up in the last. */
export const maxEvents = 10;

export function eventsFor(transition: Transition): EventSpec[] {
  const events = [
    ...stopped(transition),
    ...objectProblems(transition),
    ...skipped(transition),
    ...held(transition),
    ...health(transition),
    ...drift(transition),
    ...rollback(transition),
    ...revision(transition),
    ...healed(transition),
    ...pruned(transition),
    ...letGo(transition),
    ...recovered(transition),
  ];
  const all = [...events, ...gaveUp(transition, events)];
  return bounded(all.map((event) => ({ ...event, note: boundText(event.note, maxNote) })));
}

/** The run as a whole was stopped: once for each problem, generation and revision. */
function stopped({ previous, next, problem }: Transition): EventSpec[] {
  if (problem === undefined || !isFreshStop(previous, next, problem.code)) return [];
  return [warning(problem.code, "Reconcile", problemText(problem), problem.object)];
}

/** Objects that were refused, failed or deferred, and were not so in the previous status. */
function objectProblems({ previous, next }: Transition): EventSpec[] {
  const states: readonly string[] = ["failed", "refused", "deferred"] satisfies Outcome[];
  return freshProblems(previous, next, states).map((object) => {
    const reason = codeIn(object.message) ?? "ObjectFailed";
    return warning(reason, "Sync", `${keyOf(object)}: ${object.message}`, refOfStatus(object));
  });
}

/** Hooks that nobody ran: a migration may be among them. */
function skipped({ previous, next }: Transition): EventSpec[] {
  const fresh = freshProblems(previous, next, ["skipped"] satisfies Outcome[]);
  if (fresh.length === 0) return [];
  const told = fresh.map((object) => `${keyOf(object)} ${object.message}`);
  return [warning("Skipped", "Sync", enumerate(told, 3))];
}

function held({ previous, next }: Transition): EventSpec[] {
  const prune = next.heldPrune;
  if (prune === undefined || prune.hash === previous.heldPrune?.hash) return [];
  const names = enumerate(prune.objects.map(keyOf), 5, prune.count);
  return [
    warning(
      "PruneHeld",
      "Prune",
      `${prune.reason}; to delete exactly these set the annotation ${annotations.approvePrune}: "${prune.hash}". ${plural(prune.count, "object")}: ${names}`,
    ),
  ];
}

function health({ previous, next, report }: Transition): EventSpec[] {
  const before = conditionOf(previous, "Healthy");
  const now = conditionOf(next, "Healthy");
  if (now === undefined) return [];
  if (now.status === "True") {
    const [head] = next.history ?? [];
    const [former] = previous.history ?? [];
    const newlyHealthy =
      head?.result === "Healthy" &&
      !(former?.revision === head.revision && former.result === "Healthy");
    if (before?.status === "True" && !(newlyHealthy && changed(report))) return [];
    const at = head?.result === "Healthy" ? ` at revision ${head.revision}` : "";
    return [normal("Healthy", "Observe", `Healthy${at}. ${now.message}`)];
  }
  const bad = ["Degraded", "Missing"];
  if (!bad.includes(now.reason) || before?.reason === now.reason) return [];
  return [warning(now.reason, "Observe", now.message)];
}

/** observe is silent; warn and enforce tell each drift once. */
function drift({ previous, next, mode, report }: Transition): EventSpec[] {
  if (mode === "observe") return [];
  const told = new Map(report?.objects.map((object) => [refKey(object.ref), object]));
  return freshProblems(previous, next, ["drifted"]).map((object) => {
    const code = codeIn(object.message);
    const known = code === undefined ? told.get(keyOf(object)) : undefined;
    const note = known === undefined ? object.message : driftText(known);
    return warning(
      code ?? "DriftDetected",
      "Observe",
      `${keyOf(object)}: ${note}`,
      refOfStatus(object),
    );
  });
}

/** Told when it is done, not when it is asked for; and when it has ended. */
function rollback({ previous, next, rollbackEnd }: Transition): EventSpec[] {
  const events: EventSpec[] = [];
  if (rollbackEnd !== undefined) {
    const { to, unmade, why } = rollbackEnd;
    events.push(
      unmade
        ? warning("RollbackEnded", "Sync", `There was no rollback to ${to}: ${why}.`)
        : normal("RollbackEnded", "Sync", `The rollback to ${to} has ended: ${why}.`),
    );
  }
  const begun = next.rollback;
  const isSame =
    isInForce(previous) &&
    previous.rollback?.to === begun?.to &&
    previous.rollback?.skipped === begun?.skipped;
  if (begun !== undefined && isInForce(next) && !isSame)
    events.push(normal("RolledBack", "Sync", rollbackText(begun, next.revision)));
  return events;
}

/** In a repository of many applications most pushes change nothing of this one: status says so. */
function revision({ previous, next, report }: Transition): EventSpec[] {
  const now = conditionOf(next, "Synced");
  const before = conditionOf(previous, "Synced");
  if (now?.status !== "True") return [];
  if (before?.status === "True" && (previous.revision === next.revision || !changed(report)))
    return [];
  const { commit } = next;
  const who = commit === undefined ? "" : ` (${commit.message}, by ${commit.author})`;
  return [normal("Synced", "Sync", `At revision ${next.revision}${who}. ${actsOf(report)}`)];
}

function healed({ report }: Transition): EventSpec[] {
  return (report?.objects ?? [])
    .filter((object) => object.outcome === "healed")
    .map((object) =>
      normal("DriftHealed", "Heal", `${refKey(object.ref)}: ${driftText(object)}`, object.ref),
    );
}

function pruned({ report }: Transition): EventSpec[] {
  const gone = (report?.objects ?? []).filter((object) => object.outcome === "pruned");
  if (gone.length === 0) return [];
  const names = enumerate(
    gone.map((object: ObjectReport) => refKey(object.ref)),
    5,
  );
  return [normal("Pruned", "Prune", `${plural(gone.length, "object")} deleted: ${names}`)];
}

/** Not deleted, and nobody's now: `helm.sh/resource-policy: keep`, or deletionPolicy orphan. */
function letGo({ report }: Transition): EventSpec[] {
  const left = (report?.objects ?? []).filter((object) => object.outcome === "orphaned");
  if (left.length === 0) return [];
  const names = enumerate(
    left.map((object) => refKey(object.ref)),
    5,
  );
  const what = `${plural(left.length, "object")} left in the cluster, no longer managed`;
  return [normal("Orphaned", "Prune", `${what}: ${names}`)];
}

/** Ready again after a problem of the catalogue, or after it was degraded. */
function recovered({ previous, next }: Transition): EventSpec[] {
  const before = conditionOf(previous, "Ready");
  if (conditionOf(next, "Ready")?.status !== "True" || before?.status !== "False") return [];
  const broken =
    isCode(before.reason) || before.reason === "Degraded" || before.reason === "Missing";
  if (!broken) return [];
  return [
    normal(
      "Recovered",
      "Reconcile",
      `Ready again, after ${before.reason} since ${before.lastTransitionTime}.`,
    ),
  ];
}

/** What was tried again and now is not, with no other warning that says so. */
function gaveUp({ previous, next }: Transition, events: readonly EventSpec[]): EventSpec[] {
  const reason = (status: ApplicationStatus, type: ConditionType) =>
    conditionOf(status, type)?.reason;
  const now = conditionOf(next, "Stalled");
  if (now?.status !== "True" || conditionOf(previous, "Stalled")?.status === "True") return [];
  if (events.some(({ type }) => type === "Warning")) return [];
  if (reason(previous, "Reconciling") !== now.reason) return [];
  return [
    warning("Stalled", "Reconcile", `Not tried again until something changes. ${now.message}`),
  ];
}

/** Did the run change an object? */
function changed(report: Report | undefined): boolean {
  const acts: readonly Outcome[] = ["created", "configured", "adopted", "pruned", "orphaned"];
  return report?.objects.some(({ outcome }) => acts.includes(outcome)) === true;
}

function actsOf(report: Report | undefined): string {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of report?.objects ?? [])
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const texts = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([outcome, count]) => `${count} ${outcome}`);
  return texts.length === 0 ? "" : `${texts.join(", ")}.`;
}

/** The first ones in full; of the others, how many and what. */
function bounded(events: readonly EventSpec[]): EventSpec[] {
  if (events.length <= maxEvents) return [...events];
  const shown = events.slice(0, maxEvents - 1);
  const rest = events.slice(maxEvents - 1);
  const reasons = [...new Set(rest.map(({ reason }) => reason))].join(", ");
  const names = rest.flatMap(({ related }) => (related === undefined ? [] : [refKey(related)]));
  const summary = `and ${rest.length} more (${reasons})${names.length === 0 ? "" : `: ${enumerate(names, 10)}`}`;
  const type = rest.some((event) => event.type === "Warning") ? "Warning" : "Normal";
  const { reason, action } = rest[0] ?? { reason: "More", action: "Reconcile" };
  return [...shown, { type, reason, action, note: boundText(summary, maxNote) }];
}

function refOfStatus({ group, kind, namespace, name }: ProblemEntry): ObjectRef {
  return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name };
}

function warning(reason: string, action: string, note: string, related?: ObjectRef): EventSpec {
  return { type: "Warning", reason, action, note, ...(related === undefined ? {} : { related }) };
}

function normal(reason: string, action: string, note: string, related?: ObjectRef): EventSpec {
  return { type: "Normal", reason, action, note, ...(related === undefined ? {} : { related }) };
}
