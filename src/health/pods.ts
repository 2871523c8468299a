/** Pod, Job, CronJob. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import {
  conditionOf,
  fieldsOf,
  listOf,
  numberOf,
  specOf,
  statusOf,
  textOf,
  textOfCondition,
} from "./status.ts";

/** Reasons for which a waiting container does not start by waiting longer. */
const failing = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImagePull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

export function podHealth(object: KubeObject): Health {
  const status = statusOf(object);
  const containers = [...listOf(status.initContainerStatuses), ...listOf(status.containerStatuses)];
  for (const container of containers) {
    const waiting = fieldsOf(fieldsOf(container.state).waiting);
    const reason = textOf(waiting.reason);
    if (failing.has(reason))
      return {
        state: "Degraded",
        message: `container ${textOf(container.name)}: ${reason} (${numberOf(container.restartCount)} restarts)`,
      };
  }
  switch (textOf(status.phase)) {
    case "Succeeded":
      return { state: "Healthy" };
    case "Failed":
      return {
        state: "Degraded",
        message: textOf(status.message) || textOf(status.reason) || "the pod failed",
      };
    case "Running":
      return conditionOf(object, "Ready")?.status === "True"
        ? { state: "Healthy" }
        : { state: "Progressing", message: "running, but not ready" };
    default: {
      const scheduled = conditionOf(object, "PodScheduled");
      return {
        state: "Progressing",
        message: scheduled?.status === "False" ? textOfCondition(scheduled) : "pending",
      };
    }
  }
}

/** A running Job is Progressing, as in Argo CD. */
export function jobHealth(object: KubeObject): Health {
  const failed = conditionOf(object, "Failed");
  if (failed?.status === "True") return { state: "Degraded", message: textOfCondition(failed) };
  if (conditionOf(object, "Complete")?.status === "True") return { state: "Healthy" };
  if (specOf(object).suspend === true)
    return { state: "Suspended", message: "the Job is suspended" };
  const status = statusOf(object);
  const wanted = numberOf(specOf(object).completions, 1);
  return {
    state: "Progressing",
    message: `${numberOf(status.succeeded)} of ${wanted} completions, ${numberOf(status.failed)} failed`,
  };
}

export function cronJobHealth(object: KubeObject): Health {
  return specOf(object).suspend === true
    ? { state: "Suspended", message: "the CronJob is suspended" }
    : { state: "Healthy" };
}
