/** What a diff found, as data. */
import type { KubeObject, ObjectRef } from "../../model/object.ts";

/** In the order in which they are told. */
export const diffActions = [
  "create",
  "change",
  "prune",
  /** It would be pruned, and the prune guard or an object that cannot be applied holds it. */
  "hold",
  /** Removed from the source, and left where it is: the Application does not prune. */
  "leave",
  "refuse",
  /** Nobody knows, for instance because the caller may not ask. */
  "unknown",
  "none",
] as const;

export type DiffAction = (typeof diffActions)[number];

export interface FieldChange {
  /** As people write paths: `spec.replicas`. */
  path: string;
  /** Absent where the object has no such field. Of Secrets no more than that they differ. */
  live?: unknown;
  desired?: unknown;
}

export interface ObjectDiff {
  ref: ObjectRef;
  apiVersion: string;
  action: DiffAction;
  /** Why, or what else there is to know. */
  note?: string;
  /** As they are shown: nothing of the server's, no value of a Secret. Absent where there is none. */
  live?: KubeObject;
  desired?: KubeObject;
  fields: readonly FieldChange[];
}

export interface DiffReport {
  /** `namespace/name`. */
  application: string;
  /** What it was compared with: `main@sha1:...`. */
  revision: string;
  objects: readonly ObjectDiff[];
  /** Where the outcome may differ from what the controller would do. */
  notes: readonly string[];
}

/** How the verb ends: 0 nothing would change, 1 something would, 2 it is not known of every object. */
export function exitCodeOf({ objects }: Pick<DiffReport, "objects">): 0 | 1 | 2 {
  if (objects.some(({ action }) => action === "unknown")) return 2;
  return objects.some(({ action }) => action !== "none") ? 1 : 0;
}

/** `3 created, 1 changed, 12 unchanged`. */
export function countsOf(objects: readonly Pick<ObjectDiff, "action">[]): string {
  const counts = diffActions
    .map((action) => ({ action, count: objects.filter((one) => one.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} ${counted[action]}`);
  return counts.length === 0 ? "no objects" : counts.join(", ");
}

const counted: Readonly<Record<DiffAction, string>> = {
  create: "to create",
  change: "to change",
  prune: "to prune",
  hold: "held from pruning",
  leave: "removed from the source, left in the cluster",
  refuse: "refused",
  unknown: "unknown",
  none: "unchanged",
};
