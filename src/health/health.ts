/**
 * Is this object healthy? By the rules of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus) and,
 * where kstatus has no word for it, by Argo CD's: Degraded for what failed, Suspended for what
 * somebody paused. Pure: only the object itself is looked at, no clock, no other object.
 */
import type { Health } from "../model/health.ts";
import { groupKindKey, groupOf, type KubeObject } from "../model/object.ts";
import { apiServiceHealth } from "./api-service.ts";
import { autoscalerHealth } from "./autoscaler.ts";
import { conditionsHealth } from "./conditions.ts";
import { cronJobHealth } from "./cron-job.ts";
import { customResourceDefinitionHealth } from "./custom-resource-definition.ts";
import { daemonSetHealth } from "./daemon-set.ts";
import { deploymentHealth } from "./deployment.ts";
import { disruptionBudgetHealth } from "./disruption-budget.ts";
import { generalHealth } from "./general.ts";
import { jobHealth } from "./job.ts";
import { namespaceHealth } from "./namespace.ts";
import { podHealth } from "./pod.ts";
import { replicaSetHealth } from "./replica-set.ts";
import { serviceHealth } from "./service.ts";
import { statefulSetHealth } from "./stateful-set.ts";
import { persistentVolumeClaimHealth, persistentVolumeHealth } from "./volume.ts";

export { hasHealth } from "./existence.ts";

type Rule = (object: KubeObject) => Health;

const rules: ReadonlyMap<string, Rule> = new Map([
  ["APIService.apiregistration.k8s.io", apiServiceHealth],
  ["CronJob.batch", cronJobHealth],
  ["CustomResourceDefinition.apiextensions.k8s.io", customResourceDefinitionHealth],
  ["DaemonSet.apps", daemonSetHealth],
  ["Deployment.apps", deploymentHealth],
  ["HorizontalPodAutoscaler.autoscaling", autoscalerHealth],
  ["Job.batch", jobHealth],
  ["Namespace", namespaceHealth],
  ["PersistentVolume", persistentVolumeHealth],
  ["PersistentVolumeClaim", persistentVolumeClaimHealth],
  ["Pod", podHealth],
  ["PodDisruptionBudget.policy", disruptionBudgetHealth],
  ["ReplicaSet.apps", replicaSetHealth],
  ["ReplicationController", replicaSetHealth],
  ["Service", serviceHealth],
  ["StatefulSet.apps", statefulSetHealth],
]);

/**
 * The health of a live object, read in full (spec and status). Never throws, whatever the object
 * holds; what no rule knows is judged by its conditions, and is Healthy when it has none.
 */
export function healthOf(object: KubeObject): Health {
  const general = generalHealth(object);
  if (general !== undefined) return general;
  const key = groupKindKey({ group: groupOf(object.apiVersion), kind: object.kind });
  return (rules.get(key) ?? conditionsHealth)(object);
}
