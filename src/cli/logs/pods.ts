/** Whose logs: the controller's Pods, and an Application's own. */
import type { KubeObject, ResourceKind } from "../../model/object.ts";
import type { Cluster } from "../access/cluster.ts";
import type { Unreadable } from "../tree/listed.ts";
import { membersOf } from "../tree/members.ts";
import { ownedBy } from "../tree/owned.ts";
import type { Container } from "./pod-log.ts";

/** As deploy/ has them. */
export const controllerNamespace = "mooring-system";
const controllerLabel = "app.kubernetes.io/name=mooring";
const controllerContainer = "controller";

const podResource: ResourceKind = {
  group: "",
  version: "v1",
  kind: "Pod",
  resource: "pods",
  namespaced: true,
  verbs: ["get", "list"],
};

interface PodSpec {
  initContainers?: { name: string; restartPolicy?: string }[];
  containers?: { name: string }[];
}

/** @throws Error when there is none; ApiError */
export async function controllerContainers(
  { objects }: Cluster,
  namespace: string,
): Promise<Container[]> {
  const { items } = await objects.list(podResource, { namespace, labelSelector: controllerLabel });
  if (items.length === 0)
    throw new Error(
      `no Pod with ${controllerLabel} is in namespace ${namespace}: --controller-namespace says where the controller runs`,
    );
  return items.map((pod) => {
    const names = containersOf(pod).map(({ name }) => name);
    const name = names.includes(controllerContainer)
      ? controllerContainer
      : (names[0] ?? controllerContainer);
    return { namespace, pod: pod.metadata.name ?? "", name };
  });
}

/** Of every Pod below the Application's objects, and of those that are its objects. */
export async function applicationContainers(
  cluster: Cluster,
  application: KubeObject,
): Promise<{ containers: Container[]; unreadable: readonly Unreadable[] }> {
  const members = await membersOf(cluster, application);
  const owned = await ownedBy(cluster, members.objects, false);
  const pods = new Map<string, KubeObject>();
  const collect = (object: KubeObject, above: ReadonlySet<string>): void => {
    const uid = object.metadata.uid ?? "";
    if (above.has(uid)) return;
    if (object.apiVersion === "v1" && object.kind === "Pod") pods.set(uid, object);
    for (const one of owned.byOwner.get(uid) ?? []) collect(one, new Set([...above, uid]));
  };
  for (const object of members.objects) collect(object, new Set());
  return {
    containers: [...pods.values()].flatMap(containersOf),
    unreadable: [...members.unreadable, ...owned.unreadable].filter(({ kind }) =>
      leadsToPods(kind),
    ),
  };
}

/** Init containers first, as they run. */
function containersOf({ metadata, spec }: KubeObject): Container[] {
  const { initContainers = [], containers = [] } = (spec ?? {}) as PodSpec;
  return [...initContainers, ...containers].map(({ name }) => ({
    namespace: metadata.namespace ?? "",
    pod: metadata.name ?? "",
    name,
  }));
}

function leadsToPods(kind: string): boolean {
  return kind !== "EndpointSlice.discovery.k8s.io" && kind !== "ControllerRevision.apps";
}
