/** Custom resources, and built-in ones without a rule: by the conditions that they carry. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, valueAt, wordsOf } from "./reading.ts";
import { healthy, progressing, suspended } from "./verdict.ts";

/** Asked in this order; the first that is there decides. */
const decisive = ["Ready", "Available"] as const;

/**
 * `Ready`, else `Available`: True is Healthy, anything else Progressing, as kstatus has it (what
 * is final says so by `Stalled`). A condition about an older generation says nothing of this one.
 * Without conditions the object is what it should be: Healthy.
 */
export function conditionsHealth(object: KubeObject): Health {
  if (valueAt(object, "spec", "suspend") === true)
    return suspended("suspended by spec.suspend: its controller does nothing");
  for (const type of decisive) {
    const condition = conditionOf(object, type);
    if (condition === undefined) continue;
    const { generation } = object.metadata;
    const { observedGeneration } = condition;
    if (generation !== undefined && observedGeneration !== undefined)
      if (observedGeneration < generation)
        return progressing(`condition ${type} is about generation ${observedGeneration} yet`);
    return condition.status === "True" ? healthy : progressing(wordsOf(condition));
  }
  return healthy;
}
