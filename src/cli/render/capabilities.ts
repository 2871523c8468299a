/**
 * What charts see of the cluster where none is asked: what `helm template` of Helm 4.3.1 shows
 * them (test/contract/cli/capabilities.test.ts holds it to Helm).
 */
import type { Capabilities } from "../../render/source.ts";

const apis: Readonly<Record<string, string>> = {
  "": "v1",
  "admissionregistration.k8s.io": "v1 v1alpha1 v1beta1",
  "apiextensions.k8s.io": "v1 v1beta1",
  apps: "v1 v1beta1 v1beta2",
  "authentication.k8s.io": "v1 v1alpha1 v1beta1",
  "authorization.k8s.io": "v1 v1beta1",
  autoscaling: "v1 v2",
  batch: "v1 v1beta1",
  "certificates.k8s.io": "v1 v1alpha1 v1beta1",
  "coordination.k8s.io": "v1 v1alpha2 v1beta1",
  "discovery.k8s.io": "v1 v1beta1",
  "events.k8s.io": "v1 v1beta1",
  extensions: "v1beta1",
  "flowcontrol.apiserver.k8s.io": "v1 v1beta1 v1beta2 v1beta3",
  "internal.apiserver.k8s.io": "v1alpha1",
  "lifecycle.k8s.io": "v1alpha1",
  "networking.k8s.io": "v1 v1beta1",
  "node.k8s.io": "v1 v1alpha1 v1beta1",
  policy: "v1 v1beta1",
  "rbac.authorization.k8s.io": "v1 v1alpha1 v1beta1",
  "resource.k8s.io": "v1 v1alpha3 v1beta1 v1beta2",
  "scheduling.k8s.io": "v1 v1alpha3 v1beta1",
  "storage.k8s.io": "v1 v1alpha1 v1beta1",
  "storagemigration.k8s.io": "v1 v1beta1",
};

export const helmCapabilities: Capabilities = {
  kubeVersion: "v1.37.0",
  apiVersions: Object.entries(apis).flatMap(([group, versions]) =>
    versions.split(" ").map((version) => (group === "" ? version : `${group}/${version}`)),
  ),
};
