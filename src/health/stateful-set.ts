import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { unobserved } from "./general.ts";
import { countAt, integerAt, textAt } from "./reading.ts";
import { healthy, portion, progressing } from "./verdict.ts";

/**
 * Healthy when all replicas are ready and of the newest revision, or those above the partition.
 * With OnDelete a person rolls the Pods, so only readiness counts. A StatefulSet never says
 * that it failed.
 */
export function statefulSetHealth(object: KubeObject): Health {
  const early = unobserved(object);
  if (early !== undefined) return early;

  const wanted = integerAt(object, "spec", "replicas") ?? 1;
  const total = countAt(object, "status", "replicas");
  const ready = countAt(object, "status", "readyReplicas");
  const updated = countAt(object, "status", "updatedReplicas");
  const readiness = portion(ready, wanted, "replica", "ready");

  if (total > wanted) return progressing(readiness, `${total - wanted} still to be removed`);
  if (ready < wanted) return progressing(readiness);
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return healthy;

  const partition = countAt(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  const toUpdate = Math.max(0, wanted - partition);
  const current = textAt(object, "status", "currentRevision");
  const newest = textAt(object, "status", "updateRevision");
  if (current === newest || updated >= toUpdate) return healthy;
  return progressing(readiness, portion(updated, toUpdate, "replica", "updated"));
}
