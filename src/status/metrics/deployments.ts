/**
 * The four figures of software delivery (DORA): read from the transitions of an application's
 * status, so that a restart neither forgets nor counts twice.
 */
import type { ApplicationStatus } from "../../model/application.ts";
import { conditionOf } from "../situation.ts";

type Entry = NonNullable<ApplicationStatus["history"]>[number];
export type DeploymentResult = "healthy" | "failed" | "superseded";

export interface Delivery {
  /** Deployments whose result became known. */
  results: DeploymentResult[];
  /** Seconds from commit to healthy, of a revision that became healthy. */
  leadTime?: number;
}

/** What a change of status tells of deployments. `status.history` must not be empty by `historyLimit: 0`. */
export function deliveryOf(previous: ApplicationStatus, next: ApplicationStatus): Delivery {
  const head = next.history?.[0];
  const former = previous.history?.[0];
  const results: DeploymentResult[] = [];
  if (head === undefined) return { results };
  const same = former !== undefined && former.revision === head.revision ? former : undefined;
  if (same === undefined && former?.result === "Deployed") results.push("superseded");
  const settledBefore = same !== undefined && resultOf(same) !== undefined;
  const result = resultOf(head);
  if (result !== undefined && !settledBefore) results.push(result);
  const newlyHealthy = head.healthyAt !== undefined && same?.healthyAt === undefined;
  // A rollback, and its end, bring back what was delivered before.
  const isAgain = (next.history ?? [])
    .slice(1)
    .some((earlier) => earlier.healthyAt !== undefined && commitIn(earlier) === commitIn(head));
  return newlyHealthy && !isAgain ? { results, leadTime: leadTimeOf(head) } : { results };
}

/** `main@sha1:<id>` and, of a rollback, `sha1:<id>` are of one commit. */
function commitIn({ revision }: Entry): string {
  return revision.slice(revision.lastIndexOf("@") + 1);
}

function resultOf(entry: Entry): DeploymentResult | undefined {
  switch (entry.result) {
    case "Healthy":
      return "healthy";
    case "Failed":
      return "failed";
    case "Superseded":
      return "superseded";
    case "Deployed":
      return undefined;
  }
}

/** A commit's time is set by whoever committed: a clock that was ahead gives 0, not a negative time. */
function leadTimeOf(entry: Entry): number {
  const end = Date.parse(entry.healthyAt ?? entry.deployedAt);
  return Math.max(0, (end - Date.parse(entry.committedAt)) / 1000);
}

/** When the outage began that this status is in, if it is in one: not healthy, and Degraded or Missing. */
export function outageOf(status: ApplicationStatus): string | undefined {
  const healthy = conditionOf(status, "Healthy");
  const broken = healthy?.reason === "Degraded" || healthy?.reason === "Missing";
  return broken ? healthy?.lastTransitionTime : undefined;
}

/** Seconds from the outage's begin to its end, when this status ends it. */
export function restoredAfter(outage: string, status: ApplicationStatus): number | undefined {
  const healthy = conditionOf(status, "Healthy");
  if (healthy?.status !== "True") return undefined;
  return Math.max(0, (Date.parse(healthy.lastTransitionTime) - Date.parse(outage)) / 1000);
}
