/** What is deployed: applications of four ConfigMaps of 1 kB each, all in one repository. */
import type { TestObject } from "../e2e/harness/kube-api.ts";

export const objectsEach = 4;
/** Teams have namespaces: so many applications share one, and its ServiceAccount. */
const applicationsInNamespace = 100;
export const deployer = "deployer";

export interface WorkloadApplication {
  readonly namespace: string;
  readonly name: string;
  /** Its directory in the repository. */
  readonly path: string;
  /** Names of its ConfigMaps, in its own namespace. */
  readonly configMaps: readonly string[];
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

export function workload(
  applications: number,
  namespaceOf = (index: number) => `bench-${Math.floor(index / applicationsInNamespace)}`,
): WorkloadApplication[] {
  return Array.from({ length: applications }, (_, index) => {
    const name = `app-${String(index).padStart(4, "0")}`;
    return {
      namespace: namespaceOf(index),
      name,
      path: `apps/${name}`,
      configMaps: Array.from({ length: objectsEach }, (_, number) => `${name}-config-${number}`),
    };
  });
}

export function namespacesOf(applications: readonly WorkloadApplication[]): string[] {
  return [...new Set(applications.map(({ namespace }) => namespace))];
}

export function placesOf(applications: readonly WorkloadApplication[]): Place[] {
  return applications.flatMap(({ namespace, configMaps }) =>
    configMaps.map((name) => ({ namespace, name })),
  );
}

/** About 1 kB as the apiserver stores it. */
export function configMap(name: string, version: string): TestObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { version, text: `${name} `.repeat(45).slice(0, 800) },
  };
}

export function fileOf({ path }: WorkloadApplication, configMapName: string): string {
  return `${path}/${configMapName}.yaml`;
}

/** @param url of the repository */
export function application(app: WorkloadApplication, url: string): TestObject {
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: { namespace: app.namespace, name: app.name },
    spec: {
      serviceAccountName: deployer,
      source: { git: { url, ref: { branch: "main" } }, path: app.path },
      mode: "enforce",
      prune: true,
      selfHeal: true,
    },
  };
}

/** A namespace whose ServiceAccount `deployer` may write what the rules allow, there only. */
export function tenancy(namespace: string, rules: readonly object[] = configMapRules): object[] {
  const metadata = { namespace, name: deployer };
  const apiGroup = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: `${apiGroup}/v1`, kind: "Role", metadata, rules },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup, kind: "Role", name: deployer },
      subjects: [{ kind: "ServiceAccount", namespace, name: deployer }],
    },
  ];
}

export const configMapRules = [
  {
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["get", "create", "patch", "delete"],
  },
] as const;

/** Of all Applications of a namespace, or of the named one. */
export function applicationPath(namespace: string, name?: string): string {
  return pathOf(`/apis/mooring.dev/v1alpha1/namespaces/${namespace}/applications`, name);
}

export function configMapPath(namespace: string, name?: string): string {
  return pathOf(`/api/v1/namespaces/${namespace}/configmaps`, name);
}

function pathOf(collection: string, name: string | undefined): string {
  return name === undefined ? collection : `${collection}/${name}`;
}
