/** The Application that a marked object belongs to. */
import { ApiError } from "../../cluster/api-error.ts";
import type { KubeObject } from "../../model/object.ts";
import { ownershipOf, parentIdLabel } from "../../plan/ownership.ts";
import type { Cluster } from "../access/cluster.ts";

/**
 * By the id of its set, which is its label, too, and is made of its name. Looked for in the whole
 * cluster, or, by somebody who may not, in the object's namespace and their own.
 * @returns undefined when there is none; `unseen` when there may be one where the caller must not look
 */
export async function applicationOf(
  { applications, namespace }: Cluster,
  id: string,
  objectNamespace: string | undefined,
): Promise<KubeObject | "unseen" | undefined> {
  const among = async (place: string | undefined) => {
    const labelSelector = `${parentIdLabel}=${id}`;
    const { items } = await applications.list({ namespace: place, labelSelector });
    return items.find(
      ({ metadata }) =>
        ownershipOf({ namespace: metadata.namespace ?? "", name: metadata.name ?? "" }).id === id,
    );
  };
  try {
    return await among(undefined);
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  for (const place of new Set([objectNamespace ?? namespace, namespace])) {
    try {
      const found = await among(place);
      if (found !== undefined) return found;
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }
  return "unseen";
}

function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}
