/** An object of the API -> what we keep of it. */
import { hasHealth, healthOf } from "../health/health.ts";
import { annotations } from "../model/application.ts";
import { isDeeper } from "../model/exact-json.ts";
import type { LiveObject } from "../model/live.ts";
import {
  type KubeObject,
  type ManagedFieldsEntry,
  type ResourceKind,
  refOf,
} from "../model/object.ts";
import { matchesManager } from "../plan/adoption.ts";
import { isOurs } from "../plan/drift.ts";
import { digestFields, holdsContent } from "../plan/fields.ts";
import { fieldManagerOf, foreignOwnerOf, partOfLabel } from "../plan/ownership.ts";

/**
 * Levels of an entry of managedFields. One that is deeper, of a value without a schema, cannot be
 * written as JSON; it is taken for none: then the object is not known to be ours.
 */
const deepestEntry = 500;

/**
 * @param object whole, or PartialObjectMetadata for kinds whose existence is their health
 * @param disallowed managers whose additions are drift, `*` at the end matches any
 */
export function liveObjectOf(
  object: KubeObject,
  resource: ResourceKind,
  disallowed: readonly string[],
): LiveObject {
  const meta = object.metadata;
  const entries = (meta.managedFields ?? []).filter((entry) => !isDeeper(entry, deepestEntry));
  const main = entries.filter((entry) => (entry.subresource ?? "") === "");
  const partOf = meta.labels?.[partOfLabel];
  const manager = partOf === undefined ? undefined : fieldManagerOf(partOf);
  const ours = main.find((entry) => manager !== undefined && isOurs(entry, manager));
  return {
    // PartialObjectMetadata has a kind of its own: the resource tells the object's.
    ref: { ...refOf(object), group: resource.group, kind: resource.kind },
    resource,
    uid: meta.uid ?? "",
    resourceVersion: meta.resourceVersion ?? "",
    deleting: meta.deletionTimestamp !== undefined,
    partOf,
    appliedHash: meta.annotations?.[annotations.appliedHash],
    controlled: meta.ownerReferences?.some((owner) => owner.controller === true) ?? false,
    foreignOwner: foreignOwnerOf(object),
    // As Helm reads it: in any case, with spaces around.
    kept: meta.annotations?.["helm.sh/resource-policy"]?.trim().toLowerCase() === "keep",
    claim: ours?.fieldsV1 === undefined ? undefined : digestFields(ours.fieldsV1),
    otherAppliers: main
      .filter((entry) => entry.operation === "Apply" && entry !== ours)
      .map((entry) => entry.manager ?? ""),
    additions: main
      .filter((entry) => entry !== ours && isAddition(entry, disallowed))
      .map((entry) => entry.manager ?? ""),
    managedFields: JSON.stringify(entries),
    health: hasHealth(resource)
      ? healthOf(object)
      : existenceHealth(meta.deletionTimestamp !== undefined),
  };
}

function isAddition(entry: ManagedFieldsEntry, disallowed: readonly string[]): boolean {
  return matchesManager(disallowed, entry.manager ?? "") && holdsContent(entry.fieldsV1 ?? {});
}

function existenceHealth(deleting: boolean): LiveObject["health"] {
  return deleting ? { state: "Progressing", message: "being deleted" } : { state: "Healthy" };
}
