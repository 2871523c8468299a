import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { unobserved } from "./general.ts";
import { conditionOf, countAt, integerAt, valueAt, wordsOf } from "./reading.ts";
import { degraded, healthy, portion, progressing, suspended } from "./verdict.ts";

/**
 * Healthy when all replicas are of the newest template and available, and none of an older one
 * is left. Pods that crash keep it Progressing until `spec.progressDeadlineSeconds` ran out.
 */
export function deploymentHealth(object: KubeObject): Health {
  const early = unobserved(object);
  if (early !== undefined) return early;
  if (valueAt(object, "spec", "paused") === true) return suspended("paused by spec.paused");

  const wanted = integerAt(object, "spec", "replicas") ?? 1;
  const total = countAt(object, "status", "replicas");
  const updated = countAt(object, "status", "updatedReplicas");
  const available = countAt(object, "status", "availableReplicas");
  const availability = portion(available, wanted, "replica", "available");

  const progress = conditionOf(object, "Progressing");
  const reason = progress === undefined ? undefined : wordsOf(progress);
  if (progress?.reason === "ProgressDeadlineExceeded") return degraded(availability, reason);
  // A quota or an admission policy that refuses the Pods.
  const failure = conditionOf(object, "ReplicaFailure");
  const refused = failure?.status === "True" ? wordsOf(failure) : undefined;

  if (updated < wanted)
    return progressing(
      availability,
      portion(updated, wanted, "replica", "updated"),
      refused ?? reason,
    );
  if (total > updated)
    return progressing(availability, `${total - updated} old still to be removed`, refused);
  if (available < updated) return progressing(availability, refused ?? reason);
  const minimum = conditionOf(object, "Available");
  if (minimum !== undefined && minimum.status !== "True")
    return progressing(availability, wordsOf(minimum));
  return healthy;
}
