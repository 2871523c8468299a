/** What controllers made for an Application's objects: ReplicaSets, Pods, EndpointSlices and so on. */
import { hasHealth } from "../../health/health.ts";
import {
  groupKindKey,
  groupOf,
  type KubeObject,
  parseGroupKind,
  type ResourceKind,
} from "../../model/object.ts";
import type { Cluster } from "../access/cluster.ts";
import { listedIn, type Unreadable } from "./listed.ts";

/** Which kinds Kubernetes' own controllers make for which. */
const makes: Readonly<Record<string, readonly string[]>> = {
  "Deployment.apps": ["ReplicaSet.apps"],
  "ReplicaSet.apps": ["Pod"],
  ReplicationController: ["Pod"],
  "StatefulSet.apps": ["Pod", "ControllerRevision.apps", "PersistentVolumeClaim"],
  "DaemonSet.apps": ["Pod", "ControllerRevision.apps"],
  "CronJob.batch": ["Job.batch"],
  "Job.batch": ["Pod"],
  Service: ["EndpointSlice.discovery.k8s.io"],
};
/** An operator may make any of them for a custom resource, and resources of its own besides. */
const usual = [
  ...new Set(["Deployment.apps", "StatefulSet.apps", "Service", ...Object.values(makes).flat()]),
];

export interface Owned {
  /** By the owner's uid. */
  readonly byOwner: ReadonlyMap<string, readonly KubeObject[]>;
  readonly unreadable: readonly Unreadable[];
}

/**
 * @param everyKind every kind that can be listed, instead of those that are usual
 * @throws ApiError when the cluster does not answer
 */
export async function ownedBy(
  cluster: Cluster,
  owners: readonly KubeObject[],
  everyKind: boolean,
): Promise<Owned> {
  const discovery = await cluster.discovery();
  const namespaces = new Set(
    owners.flatMap(({ metadata: { namespace } }) => (namespace === undefined ? [] : [namespace])),
  );
  const resources = everyKind
    ? discovery.listable().filter(isOwnable)
    : kindsOwnedBy(owners).flatMap((key) => discovery.preferred(parseGroupKind(key)) ?? []);
  const lists = await Promise.all(
    resources
      .filter(({ namespaced }) => namespaced || everyKind)
      .map((resource) =>
        listedIn(cluster, resource, namespaces, { metadataOnly: !hasHealth(resource) }),
      ),
  );
  const byOwner = new Map<string, KubeObject[]>();
  for (const object of lists.flatMap(({ objects }) => objects))
    for (const { uid } of object.metadata.ownerReferences ?? [])
      byOwner.set(uid, [...(byOwner.get(uid) ?? []), object]);
  return { byOwner, unreadable: lists.flatMap(({ refused }) => refused) };
}

/** Directly or by others, the owners' own kinds not among them unless something makes them. */
export function kindsOwnedBy(owners: readonly KubeObject[]): string[] {
  const found = new Set<string>();
  const add = (key: string): void => {
    for (const made of makes[key] ?? []) {
      if (found.has(made)) continue;
      found.add(made);
      add(made);
    }
  };
  for (const { apiVersion, kind } of owners) {
    const group = groupOf(apiVersion);
    add(groupKindKey({ group, kind }));
    if (isCustom(group))
      for (const key of usual) {
        found.add(key);
        add(key);
      }
  }
  return [...found].sort();
}

/** Kubernetes' own groups have no dot, or end so. */
export function isCustom(group: string): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}

/** Events are owned by nobody, and there are thousands. */
function isOwnable({ kind }: ResourceKind): boolean {
  return kind !== "Event";
}
