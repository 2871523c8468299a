/** One walk over a report: counts, health of the whole, and the objects that are not fine. */
import { type HealthState, worst } from "../model/health.ts";
import { refKey } from "../model/object.ts";
import type { Problem } from "../model/problem.ts";
import type { ObjectReport, Report } from "../model/report.ts";
import { plural } from "./bound.ts";
import { type Standing, standingOf } from "./outcome.ts";
import { problemText } from "./redaction.ts";

export interface Counts {
  total: number;
  synced: number;
  healthy: number;
  drifted: number;
  failed: number;
  /** Besides `total`; absent when none. */
  skipped?: number;
}

/** An object that is not fine. What is said of it is made when it is shown: few of many are. */
export interface Trouble {
  report: ObjectReport;
  /** `Deployment.apps shop/web` */
  key: string;
  standing: Standing;
  /** The outcome, or the health where the outcome is fine. */
  state: string;
}

export interface Assessment {
  counts: Counts;
  health: HealthState;
  /** Worst first; then by kind, namespace and name: the same report, the same order. */
  troubles: readonly Trouble[];
}

/** From worst to least: what somebody must look at first. */
const severity = [
  "failed",
  "refused",
  "Degraded",
  "Missing",
  "deferred",
  "held",
  "drifted",
  "Unknown",
  "not-attempted",
  "pruning",
  "Progressing",
  "Suspended",
  "skipped",
];

export function assess(report: Report): Assessment {
  const counts: Counts = { total: 0, synced: 0, healthy: 0, drifted: 0, failed: 0 };
  const states: HealthState[] = [];
  const troubles: Trouble[] = [];
  for (const object of report.objects) {
    const standing = standingOf(object.outcome);
    if (standing === "synced" || standing === "differs" || standing === "failed") {
      const health = healthOf(object, standing);
      counts.total++;
      if (standing === "synced") counts.synced++;
      if (standing === "differs") counts.drifted++;
      if (standing === "failed") counts.failed++;
      if (health === "Healthy") counts.healthy++;
      if (health !== undefined) states.push(health);
    }
    if (standing === "skipped") counts.skipped = (counts.skipped ?? 0) + 1;
    const trouble = troubleOf(object, standing);
    if (trouble !== undefined) troubles.push(trouble);
  }
  troubles.sort(bySeverity);
  const health = states.length === 0 && counts.failed > 0 ? "Unknown" : worst(states);
  return { counts, health, troubles };
}

/**
 * Health counts for what is in the cluster. An object that was refused or failed has none of
 * its own unless the reporter read it: that it is not there is what Synced says, and counting
 * it as Unknown would hide a Degraded sibling.
 */
function healthOf(object: ObjectReport, standing: Standing): HealthState | undefined {
  return object.health?.state ?? (standing === "failed" ? undefined : "Unknown");
}

function troubleOf(object: ObjectReport, standing: Standing): Trouble | undefined {
  if (standing === "gone") return undefined;
  const health = standing === "skipped" ? undefined : healthOf(object, standing);
  const state = standing !== "synced" ? object.outcome : health;
  if (state === undefined || state === "Healthy") return undefined;
  return { report: object, key: refKey(object.ref), standing, state };
}

/** What is the matter with it, in a sentence without its name. */
export function sentence({ report: object, standing }: Trouble): string {
  const { problem, health } = object;
  if (problem !== undefined) return `${problem.code}: ${withoutSubject(problem)}`;
  switch (standing) {
    case "differs":
      return `differs: ${driftText(object)}`;
    case "held":
      return "is no longer in the source; its deletion waits";
    case "leaving":
      return object.note ?? "is being deleted";
    case "skipped":
      return object.note ?? "is left out";
    case "failed":
      return object.outcome === "not-attempted"
        ? (object.note ?? "was not attempted in this run")
        : "was not applied";
    case "synced":
    case "gone":
      return health?.message ?? (health === undefined ? "health is not known yet" : health.state);
  }
}

/**
 * `spec.replicas by kubectl-scale`; of an object that is not there, what its health says. Drift
 * without field and manager is a deletion, or managedFields that somebody cleared: of neither
 * does the object keep the author.
 */
export function driftText({ drift, health, outcome }: ObjectReport): string {
  const { fields = [], manager = "" } = drift ?? {};
  const isUnsigned = manager === "" || manager === "unknown";
  if (fields.length === 0 && isUnsigned && outcome === "healed")
    return "was deleted (or its managedFields cleared), and is as in Git again; by whom, only the audit log of the cluster tells";
  const missing =
    health?.state === "Missing" ? (health.message ?? "not in the cluster") : undefined;
  const what = fields.length > 0 ? fields.join(", ") : (missing ?? "the object");
  return isUnsigned ? what : `${what} by ${manager}`;
}

/** The message of a problem without the name of its object, for places that name it already. */
function withoutSubject(problem: Problem): string {
  const text = problemText(problem);
  const subject = problem.object === undefined ? "" : `${refKey(problem.object)}: `;
  return text.startsWith(subject) ? text.slice(subject.length) : text;
}

/** `Deployment.apps shop/web: 1 of 3 replicas are ready`. */
export function troubleText(trouble: Trouble): string {
  return `${trouble.key}: ${sentence(trouble)}`;
}

function bySeverity(a: Trouble, b: Trouble): number {
  const difference = severity.indexOf(a.state) - severity.indexOf(b.state);
  if (difference !== 0) return difference;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

export function countText(counts: Counts): string {
  return plural(counts.total, "object");
}
