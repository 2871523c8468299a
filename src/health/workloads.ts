/** Deployment, StatefulSet, DaemonSet, ReplicaSet: kstatus' rules, in words for the person on call. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import {
  conditionOf,
  fieldsOf,
  numberOf,
  specOf,
  statusOf,
  textOf,
  textOfCondition,
} from "./status.ts";

const healthy: Health = { state: "Healthy" };
const progressing = (message: string): Health => ({ state: "Progressing", message });
const degraded = (message: string): Health => ({ state: "Degraded", message });

export function deploymentHealth(object: KubeObject): Health {
  const spec = specOf(object);
  const status = statusOf(object);
  if (spec.paused === true) return { state: "Suspended", message: "the Deployment is paused" };
  const wanted = numberOf(spec.replicas, 1);
  const updated = numberOf(status.updatedReplicas);
  const available = numberOf(status.availableReplicas);
  const total = numberOf(status.replicas);
  const progress = conditionOf(object, "Progressing");
  const count = `${available} of ${wanted} replicas available`;
  if (progress?.reason === "ProgressDeadlineExceeded")
    return degraded(`${count}; ${textOfCondition(progress)}`);
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return degraded(`${count}; ${textOfCondition(failure)}`);
  if (updated < wanted) return progressing(`${updated} of ${wanted} replicas updated`);
  if (total > updated) return progressing(`${total - updated} old replicas are still there`);
  if (available < wanted) return progressing(count);
  return healthy;
}

export function replicaSetHealth(object: KubeObject): Health {
  const status = statusOf(object);
  const wanted = numberOf(specOf(object).replicas, 1);
  const failure = conditionOf(object, "ReplicaFailure");
  if (failure?.status === "True") return degraded(textOfCondition(failure));
  const available = numberOf(status.availableReplicas);
  if (numberOf(status.replicas) > wanted) return progressing("too many replicas are still there");
  return available < wanted ? progressing(`${available} of ${wanted} replicas available`) : healthy;
}

export function statefulSetHealth(object: KubeObject): Health {
  const spec = specOf(object);
  const status = statusOf(object);
  const strategy = fieldsOf(spec.updateStrategy);
  const wanted = numberOf(spec.replicas, 1);
  const ready = numberOf(status.readyReplicas);
  if (ready < wanted) return progressing(`${ready} of ${wanted} replicas ready`);
  if (textOf(strategy.type) === "OnDelete") return healthy;
  const partition = numberOf(fieldsOf(strategy.rollingUpdate).partition);
  const updated = numberOf(status.updatedReplicas);
  if (partition > 0)
    return updated < wanted - partition
      ? progressing(`${updated} of ${wanted - partition} replicas updated`)
      : healthy;
  return textOf(status.currentRevision) !== textOf(status.updateRevision)
    ? progressing(`${updated} of ${wanted} replicas updated`)
    : healthy;
}

export function daemonSetHealth(object: KubeObject): Health {
  const status = statusOf(object);
  if (object.metadata.generation !== undefined && status.observedGeneration === undefined)
    return progressing("not seen by its controller yet");
  const wanted = numberOf(status.desiredNumberScheduled);
  const updated = numberOf(status.updatedNumberScheduled);
  const available = numberOf(status.numberAvailable);
  const onDelete = textOf(fieldsOf(specOf(object).updateStrategy).type) === "OnDelete";
  if (!onDelete && updated < wanted) return progressing(`${updated} of ${wanted} pods updated`);
  return available < wanted ? progressing(`${available} of ${wanted} pods available`) : healthy;
}
