/** Kinds whose existence is their health. */
import { type GroupKind, groupKindKey } from "../model/object.ts";

/**
 * No controller reports on these in their status, or (Ingress: many ingress controllers never
 * write an address; as in kstatus) not reliably.
 */
const existing: ReadonlySet<string> = new Set([
  "ConfigMap",
  "Endpoints",
  "Event",
  "LimitRange",
  "PodTemplate",
  "ResourceQuota",
  "Secret",
  "ServiceAccount",
  "ControllerRevision.apps",
  "MutatingAdmissionPolicy.admissionregistration.k8s.io",
  "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
  "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  "ClusterTrustBundle.certificates.k8s.io",
  "Lease.coordination.k8s.io",
  "EndpointSlice.discovery.k8s.io",
  "Event.events.k8s.io",
  "FlowSchema.flowcontrol.apiserver.k8s.io",
  "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
  "Ingress.networking.k8s.io",
  "IngressClass.networking.k8s.io",
  "IPAddress.networking.k8s.io",
  "NetworkPolicy.networking.k8s.io",
  "RuntimeClass.node.k8s.io",
  "ClusterRole.rbac.authorization.k8s.io",
  "ClusterRoleBinding.rbac.authorization.k8s.io",
  "Role.rbac.authorization.k8s.io",
  "RoleBinding.rbac.authorization.k8s.io",
  "DeviceClass.resource.k8s.io",
  "ResourceClaimTemplate.resource.k8s.io",
  "ResourceSlice.resource.k8s.io",
  "PriorityClass.scheduling.k8s.io",
  "CSIDriver.storage.k8s.io",
  "CSINode.storage.k8s.io",
  "CSIStorageCapacity.storage.k8s.io",
  "StorageClass.storage.k8s.io",
  "VolumeAttributesClass.storage.k8s.io",
]);

/**
 * Whether objects of a kind have a health besides existing. False: they can be watched by their
 * metadata alone, so that neither a Secret's data nor a large ConfigMap is ever fetched.
 */
export function hasHealth(gk: GroupKind): boolean {
  return !existing.has(groupKindKey(gk));
}
