/** From an object up to the one that somebody wrote: by controller references, then by any owner's. */
import { type KubeObject, type ObjectRef, refOf } from "../../model/object.ts";
import { partOfLabel } from "../../plan/ownership.ts";
import type { Cluster } from "../access/cluster.ts";

export interface Line {
  /** The object itself first, then its owner, and so on. */
  readonly objects: readonly KubeObject[];
  /** The owner that could not be read, and why the line ends there. */
  readonly broken?: { readonly ref: ObjectRef; readonly why: string };
}

/** Of owners who own each other. */
const longest = 16;

/** Ends at the first that is marked as an Application's. @throws ApiError when the cluster does not answer */
export async function lineOf(cluster: Cluster, object: KubeObject): Promise<Line> {
  const objects = [object];
  for (let at = object; objects.length < longest; ) {
    const { labels, ownerReferences = [], namespace } = at.metadata;
    const owner =
      ownerReferences.find(({ controller }) => controller === true) ?? ownerReferences[0];
    if (labels?.[partOfLabel] !== undefined || owner === undefined) break;
    const discovery = await cluster.discovery();
    const resource = discovery.find(owner.apiVersion, owner.kind);
    const ref = refOf({
      apiVersion: owner.apiVersion,
      kind: owner.kind,
      metadata: {
        name: owner.name,
        ...(resource?.namespaced === false || namespace === undefined ? {} : { namespace }),
      },
    });
    if (resource === undefined)
      return { objects, broken: { ref, why: "the cluster does not know its kind" } };
    const found = await cluster.objects.getMetadata(resource, namespace, owner.name);
    if (found === undefined || found.metadata.uid !== owner.uid)
      return { objects, broken: { ref, why: "it is not there any more" } };
    objects.push(found);
    at = found;
  }
  return { objects };
}
