import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { unobserved } from "./general.ts";
import { conditionOf, countAt, integerAt, wordsOf } from "./reading.ts";
import { degraded, healthy, portion, progressing } from "./verdict.ts";

/** ReplicaSet and ReplicationController; refused Pods (a quota, a policy) degrade them. */
export function replicaSetHealth(object: KubeObject): Health {
  const early = unobserved(object);
  if (early !== undefined) return early;

  const wanted = integerAt(object, "spec", "replicas") ?? 1;
  const total = countAt(object, "status", "replicas");
  const available = countAt(object, "status", "availableReplicas");
  const availability = portion(available, wanted, "replica", "available");

  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return degraded(availability, wordsOf(failure));
  if (available < wanted) return progressing(availability);
  if (total > wanted) return progressing(`${total - wanted} replicas still to be removed`);
  return healthy;
}
