/** Custom resources: by their conditions, as kstatus and the API conventions have it. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, type StatusCondition, textOfCondition } from "./status.ts";

/** True means trouble. */
const abnormal: readonly { type: string; state: Health["state"] }[] = [
  { type: "Stalled", state: "Degraded" },
  { type: "Failed", state: "Degraded" },
  { type: "Degraded", state: "Degraded" },
  { type: "Reconciling", state: "Progressing" },
];
/** True means well. The first that there is decides. */
const positive = ["Ready", "Available", "Healthy", "Synced"];
/** Reasons with which a controller says that it gave up; others say that it is still at work. */
const final = /fail|error|invalid|denied|forbidden|notfound|missing/i;

export function conditionHealth(object: KubeObject): Health {
  for (const { type, state } of abnormal) {
    const condition = conditionOf(object, type);
    if (condition?.status === "True") return { state, message: told(condition) };
  }
  for (const type of positive) {
    const condition = conditionOf(object, type);
    if (condition === undefined) continue;
    if (isStale(condition, object))
      return { state: "Progressing", message: `its condition ${type} is of an older generation` };
    if (condition.status === "True") return { state: "Healthy" };
    const state =
      condition.status === "False" && final.test(condition.reason ?? "")
        ? "Degraded"
        : "Progressing";
    return { state, message: told(condition) };
  }
  // No conditions that say anything: kstatus takes such an object for current.
  return { state: "Healthy" };
}

function isStale(condition: StatusCondition, object: KubeObject): boolean {
  const { generation } = object.metadata;
  return (
    condition.observedGeneration !== undefined &&
    generation !== undefined &&
    condition.observedGeneration < generation
  );
}

function told(condition: StatusCondition): string {
  return textOfCondition(condition) || `${condition.type} is ${condition.status}`;
}
