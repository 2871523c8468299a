/** Is the CRD of Applications being deleted? Then each of them is, and nobody meant their objects. */
import { ApiError } from "../cluster/api-error.ts";
import type { Objects } from "../cluster/objects.ts";
import { group, plural } from "../model/application.ts";
import { crds } from "./kinds.ts";

const name = `${plural}.${group}`;

/**
 * Asked anew each time: the CRD's deletion is told to its watch and to that of Applications in no
 * order.
 * @returns undefined where the controller may not see CRDs (it is installed for some namespaces)
 * @throws as Objects.list
 */
export async function definitionGoes(
  objects: Objects,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const { items } = await objects.list(crds, {
      fieldSelector: `metadata.name=${name}`,
      metadataOnly: true,
      signal,
    });
    const own = items.find((definition) => definition.metadata.name === name);
    return own === undefined || typeof own.metadata.deletionTimestamp === "string";
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}
