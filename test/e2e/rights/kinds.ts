/** An object of each kind that deploy/components/listed-kinds lets the controller see. */
import type { TestObject } from "../harness/kube-api.ts";
import { configMap, deployment, service } from "../harness/manifests.ts";

const labels = { app: "kinds" };
const template = {
  metadata: { labels },
  spec: { restartPolicy: "Never", containers: [{ name: "app", image: "example.com/app:1" }] },
};
const running = {
  metadata: { labels },
  spec: { containers: [{ name: "app", image: "example.com/app:1" }] },
};
const rbac = "rbac.authorization.k8s.io";

function object(apiVersion: string, kind: string, fields: object): TestObject {
  return { apiVersion, kind, metadata: { name: `a-${kind.toLowerCase()}` }, ...fields };
}

/** By the resource, as rules name it. */
export const objectOf: Readonly<Record<string, TestObject>> = {
  configmaps: configMap("a-configmap", {}),
  services: service("a-service"),
  serviceaccounts: object("v1", "ServiceAccount", {}),
  persistentvolumeclaims: object("v1", "PersistentVolumeClaim", {
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  }),
  deployments: deployment("a-deployment"),
  statefulsets: object("apps/v1", "StatefulSet", {
    spec: { serviceName: "a", selector: { matchLabels: labels }, template: running },
  }),
  daemonsets: object("apps/v1", "DaemonSet", {
    spec: { selector: { matchLabels: labels }, template: running },
  }),
  horizontalpodautoscalers: object("autoscaling/v2", "HorizontalPodAutoscaler", {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a-deployment" },
      maxReplicas: 2,
    },
  }),
  jobs: object("batch/v1", "Job", { spec: { template } }),
  cronjobs: object("batch/v1", "CronJob", {
    spec: { schedule: "0 0 * * *", jobTemplate: { spec: { template } } },
  }),
  ingresses: object("networking.k8s.io/v1", "Ingress", {
    spec: { defaultBackend: { service: { name: "a-service", port: { number: 80 } } } },
  }),
  networkpolicies: object("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: {} } }),
  poddisruptionbudgets: object("policy/v1", "PodDisruptionBudget", {
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  }),
  roles: object(`${rbac}/v1`, "Role", { rules: [] }),
  rolebindings: object(`${rbac}/v1`, "RoleBinding", {
    roleRef: { apiGroup: rbac, kind: "Role", name: "a-role" },
    subjects: [{ kind: "ServiceAccount", name: "a-serviceaccount", namespace: "default" }],
  }),
};

/** What writing them takes, besides what a deployer of the tests has. */
export const writing = [
  "autoscaling horizontalpodautoscalers",
  "apps daemonsets",
  "batch jobs cronjobs",
  "networking.k8s.io ingresses networkpolicies",
  "policy poddisruptionbudgets",
  `${rbac} roles rolebindings`,
].map((words) => {
  const [group = "", ...resources] = words.split(" ");
  return { apiGroups: [group], resources, verbs: ["get", "create", "patch", "delete"] };
});
