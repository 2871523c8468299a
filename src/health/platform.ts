/** Kinds of the platform: networking, storage, definitions, scaling. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import {
  conditionOf,
  fieldsOf,
  listOf,
  specOf,
  statusOf,
  textOf,
  textOfCondition,
} from "./status.ts";

const healthy: Health = { state: "Healthy" };

export function serviceHealth(object: KubeObject): Health {
  if (textOf(specOf(object).type) !== "LoadBalancer") return healthy;
  return hasIngress(object)
    ? healthy
    : { state: "Progressing", message: "waits for the load balancer's address" };
}

function hasIngress(object: KubeObject): boolean {
  return listOf(fieldsOf(statusOf(object).loadBalancer).ingress).length > 0;
}

export function claimHealth(object: KubeObject): Health {
  const phase = textOf(statusOf(object).phase);
  if (phase === "Bound") return healthy;
  if (phase === "Lost") return { state: "Degraded", message: "the volume is lost" };
  return { state: "Progressing", message: "waits for a volume" };
}

export function definitionHealth(object: KubeObject): Health {
  const refused = conditionOf(object, "NamesAccepted");
  if (refused?.status === "False") return { state: "Degraded", message: textOfCondition(refused) };
  return conditionOf(object, "Established")?.status === "True"
    ? healthy
    : { state: "Progressing", message: "not established yet" };
}

export function apiServiceHealth(object: KubeObject): Health {
  const available = conditionOf(object, "Available");
  if (available?.status === "True") return healthy;
  return {
    state: "Progressing",
    message: available === undefined ? "not available yet" : textOfCondition(available),
  };
}

export function namespaceHealth(object: KubeObject): Health {
  return textOf(statusOf(object).phase) === "Terminating"
    ? { state: "Progressing", message: "being deleted" }
    : healthy;
}

export function autoscalerHealth(object: KubeObject): Health {
  for (const type of ["AbleToScale", "ScalingActive"]) {
    const condition = conditionOf(object, type);
    if (condition?.status === "False") {
      // A target without replicas is switched off on purpose.
      if (condition.reason === "ScalingDisabled")
        return { state: "Suspended", message: textOfCondition(condition) };
      return { state: "Degraded", message: textOfCondition(condition) };
    }
  }
  return healthy;
}

export function disruptionBudgetHealth(object: KubeObject): Health {
  const failed = conditionOf(object, "DisruptionAllowed");
  return failed?.reason === "SyncFailed"
    ? { state: "Degraded", message: textOfCondition(failed) }
    : healthy;
}
