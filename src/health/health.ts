/**
 * Is this object healthy? Built-in kinds by rules of their own, all others by their conditions.
 * Pure: everything is read from the object itself.
 * @see https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
 */
import type { Health } from "../model/health.ts";
import { type GroupKind, groupKindKey, groupOf, type KubeObject } from "../model/object.ts";
import { conditionHealth } from "./conditions.ts";
import {
  apiServiceHealth,
  autoscalerHealth,
  claimHealth,
  definitionHealth,
  disruptionBudgetHealth,
  namespaceHealth,
  serviceHealth,
} from "./platform.ts";
import { cronJobHealth, jobHealth, podHealth } from "./pods.ts";
import { isObserved } from "./status.ts";
import {
  daemonSetHealth,
  deploymentHealth,
  replicaSetHealth,
  statefulSetHealth,
} from "./workloads.ts";

const rules: Readonly<Record<string, (object: KubeObject) => Health>> = {
  "Deployment.apps": deploymentHealth,
  "ReplicaSet.apps": replicaSetHealth,
  "StatefulSet.apps": statefulSetHealth,
  "DaemonSet.apps": daemonSetHealth,
  ReplicationController: replicaSetHealth,
  Pod: podHealth,
  "Job.batch": jobHealth,
  "CronJob.batch": cronJobHealth,
  Service: serviceHealth,
  PersistentVolumeClaim: claimHealth,
  Namespace: namespaceHealth,
  "CustomResourceDefinition.apiextensions.k8s.io": definitionHealth,
  "APIService.apiregistration.k8s.io": apiServiceHealth,
  "HorizontalPodAutoscaler.autoscaling": autoscalerHealth,
  "PodDisruptionBudget.policy": disruptionBudgetHealth,
};

/** Built-in kinds for which to be there is to be well: their metadata is all that is watched. */
const existence = new Set([
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "Endpoints",
  "LimitRange",
  "ResourceQuota",
  "PodTemplate",
  "Event",
  "EndpointSlice.discovery.k8s.io",
  "ControllerRevision.apps",
  "Ingress.networking.k8s.io",
  "IngressClass.networking.k8s.io",
  "NetworkPolicy.networking.k8s.io",
  "Role.rbac.authorization.k8s.io",
  "RoleBinding.rbac.authorization.k8s.io",
  "ClusterRole.rbac.authorization.k8s.io",
  "ClusterRoleBinding.rbac.authorization.k8s.io",
  "PriorityClass.scheduling.k8s.io",
  "StorageClass.storage.k8s.io",
  "CSIDriver.storage.k8s.io",
  "RuntimeClass.node.k8s.io",
  "Lease.coordination.k8s.io",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
]);

/** Does the kind have a health beyond its existence? Custom kinds always may. */
export function hasHealth(gk: GroupKind): boolean {
  return !existence.has(groupKindKey(gk));
}

/** @param object whole, with its status */
export function healthOf(object: KubeObject): Health {
  if (object.metadata.deletionTimestamp !== undefined)
    return { state: "Progressing", message: "being deleted" };
  const gk = { group: groupOf(object.apiVersion), kind: object.kind };
  if (!hasHealth(gk)) return { state: "Healthy" };
  if (!isObserved(object))
    return { state: "Progressing", message: "its controller has not seen the current spec yet" };
  return (rules[groupKindKey(gk)] ?? conditionHealth)(object);
}
