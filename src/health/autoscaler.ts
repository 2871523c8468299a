import type { Health } from "../model/health.ts";
import { type KubeObject, versionOf } from "../model/object.ts";
import { conditionOf, type ObservedCondition, wordsOf } from "./reading.ts";
import { degraded, healthy, progressing } from "./verdict.ts";

/**
 * An autoscaler that cannot read its metrics or its target does nothing, silently: Degraded, as in
 * Argo CD. ScalingDisabled (the target has 0 replicas) is what somebody chose.
 */
export function autoscalerHealth(object: KubeObject): Health {
  // autoscaling/v1 has no conditions.
  if (versionOf(object.apiVersion) === "v1") return healthy;
  const able = conditionOf(object, "AbleToScale");
  if (able === undefined) return progressing("not yet seen by the autoscaler");
  const active = conditionOf(object, "ScalingActive");
  const faults = (active === undefined ? [able] : [able, active]).filter(isFault);
  return faults.length === 0 ? healthy : degraded(...faults.map(wordsOf));
}

/** FailedGetScale, FailedGetResourceMetric, InvalidMetricSourceType, InvalidSelector ... */
function isFault({ status, reason }: ObservedCondition): boolean {
  return status === "False" && /^(Failed|Invalid)/.test(reason ?? "");
}
