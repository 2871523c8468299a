import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { unobserved } from "./general.ts";
import { conditionOf, wordsOf } from "./reading.ts";
import { degraded, healthy } from "./verdict.ts";

/** That no disruption is allowed now is a budget doing its work; that none can be computed is a fault. */
export function disruptionBudgetHealth(object: KubeObject): Health {
  const early = unobserved(object);
  if (early !== undefined) return early;
  const allowed = conditionOf(object, "DisruptionAllowed");
  return allowed?.reason === "SyncFailed" ? degraded(wordsOf(allowed)) : healthy;
}
