/** The objects of an Application, found by the marks that every member carries (KEP-3659). */
import type { Discovery } from "../../cluster/discovery.ts";
import { hasHealth } from "../../health/health.ts";
import {
  type GroupKind,
  groupKindKey,
  type KubeObject,
  type ObjectRef,
  refKey,
  refOf,
} from "../../model/object.ts";
import {
  namespacesAnnotation,
  ownershipOf,
  partOfLabel,
  recordedGroupKinds,
} from "../../plan/ownership.ts";
import { specOf, statusOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Listed, listedIn, type Unreadable, whyUnreadable } from "./listed.ts";

export interface Members {
  /** Live, of the whole set. Only metadata where existing is all there is to their health. */
  readonly objects: readonly KubeObject[];
  /** Named as not fine by the Application's status, and not in the set. */
  readonly besides: readonly Besides[];
  readonly unreadable: readonly Unreadable[];
}

/** An object that is wanted and not marked: not there, somebody else's, or only compared. */
export interface Besides {
  ref: ObjectRef;
  /** undefined: it is not there. `unknown`: nobody could say. */
  object: KubeObject | "unknown" | undefined;
}

/** @throws ApiError when the cluster cannot be asked at all; what may not be listed is in the answer */
export async function membersOf(cluster: Cluster, application: KubeObject): Promise<Members> {
  const discovery = await cluster.discovery();
  const { metadata } = application;
  const namespace = metadata.namespace ?? "";
  const { id } = ownershipOf({ namespace, name: metadata.name ?? "" });
  const notes = metadata.annotations ?? {};
  const namespaces = new Set([
    namespace,
    specOf(application).destination?.namespace ?? namespace,
    ...(notes[namespacesAnnotation] ?? "").split(",").filter((name) => name !== ""),
  ]);
  const lists = await Promise.all(
    recordedGroupKinds(notes).map((gk): Promise<Listed> | Listed => {
      const resource = discovery.preferred(gk);
      if (resource === undefined) return { objects: [], refused: [unserved(gk, discovery)] };
      return listedIn(cluster, resource, namespaces, {
        labelSelector: `${partOfLabel}=${id}`,
        metadataOnly: !hasHealth(gk),
      });
    }),
  );
  const objects = lists.flatMap((list) => list.objects);
  const unreadable = lists.flatMap(({ refused }) => refused);
  return { objects, besides: await besidesOf(cluster, application, objects), unreadable };
}

async function besidesOf(
  cluster: Cluster,
  application: KubeObject,
  objects: readonly KubeObject[],
): Promise<Besides[]> {
  const discovery = await cluster.discovery();
  const found = new Set(objects.map((object) => refKey(refOf(object))));
  const told = (statusOf(application).problems ?? []).map(
    ({ group, kind, namespace, name }): ObjectRef =>
      namespace === undefined ? { group, kind, name } : { group, kind, namespace, name },
  );
  return Promise.all(
    told
      .filter((ref) => !found.has(refKey(ref)))
      .map(async (ref): Promise<Besides> => {
        const resource = discovery.preferred(ref);
        if (resource === undefined) return { ref, object: "unknown" };
        const get = hasHealth(ref) ? "get" : "getMetadata";
        const object = await cluster.objects[get](resource, ref.namespace, ref.name).catch(
          () => "unknown" as const,
        );
        return { ref, object };
      }),
  );
}

function unserved(gk: GroupKind, discovery: Discovery): Unreadable {
  const why = discovery.unknownGroups.includes(gk.group)
    ? "its API group does not answer"
    : "the cluster does not know this kind";
  return { kind: groupKindKey(gk), why: whyUnreadable(why) };
}
