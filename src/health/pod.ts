import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, countAt, listAt, textAt, wordsOf } from "./reading.ts";
import { degraded, healthy, progressing } from "./verdict.ts";

/** CrashLoopBackOff, ImagePullBackOff, ErrImagePull, CreateContainerConfigError, InvalidImageName ... */
const broken = /^(Err|Invalid)|(BackOff|Error)$/;

/**
 * A container that cannot start degrades its Pod at once, by the reasons with which kubelet
 * says so. A Pod that no node takes is Degraded too, as in kstatus.
 */
export function podHealth(object: KubeObject): Health {
  switch (textAt(object, "status", "phase")) {
    case "Succeeded":
      return healthy;
    case "Failed":
      return degraded(
        ...exits(object),
        textAt(object, "status", "message") ?? textAt(object, "status", "reason") ?? "Pod failed",
      );
    case "Running":
      return running(object);
    case "Pending":
      return pending(object);
    case undefined:
      return progressing("Pod is not yet seen by a scheduler");
    default:
      return { state: "Unknown", message: "the Pod's node does not answer" };
  }
}

function running(object: KubeObject): Health {
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "True") return healthy;
  const faults = waiting(object, true);
  if (faults.length > 0) return degraded(...faults);
  return progressing(ready === undefined ? "Pod is not ready" : wordsOf(ready));
}

function pending(object: KubeObject): Health {
  const faults = waiting(object, true);
  if (faults.length > 0) return degraded(...faults);
  const scheduled = conditionOf(object, "PodScheduled");
  if (scheduled?.status === "False") {
    const words = `cannot be scheduled: ${wordsOf(scheduled)}`;
    return scheduled.reason === "Unschedulable" ? degraded(words) : progressing(words);
  }
  const waits = waiting(object, false);
  return progressing(...(waits.length > 0 ? waits : ["Pod is pending"]));
}

function containers(object: KubeObject): readonly unknown[] {
  return [
    ...listAt(object, "status", "initContainerStatuses"),
    ...listAt(object, "status", "containerStatuses"),
  ];
}

/** `container web: CrashLoopBackOff, 4 restarts: back-off 40s restarting ...` */
function waiting(object: KubeObject, faulty: boolean): string[] {
  return containers(object).flatMap((container) => {
    const reason = textAt(container, "state", "waiting", "reason");
    if (reason === undefined || broken.test(reason) !== faulty) return [];
    const restarts = countAt(container, "restartCount");
    const message = textAt(container, "state", "waiting", "message");
    return [
      `container ${textAt(container, "name") ?? "?"}: ${reason}` +
        (restarts > 0 ? `, ${restarts} restart${restarts === 1 ? "" : "s"}` : "") +
        (message === undefined ? "" : `: ${message}`),
    ];
  });
}

function exits(object: KubeObject): string[] {
  return containers(object).flatMap((container) => {
    const code = countAt(container, "state", "terminated", "exitCode");
    if (code === 0) return [];
    const reason = textAt(container, "state", "terminated", "reason");
    return [
      `container ${textAt(container, "name") ?? "?"} ended with exit code ${code}` +
        (reason === undefined ? "" : ` (${reason})`),
    ];
  });
}
