/**
 * What an adoption takes away. Taking an object over makes the claims of its former writers ours
 * (plan/adoption.ts), so that fields which only they set go with the apply. One dry-run of the
 * apply alone does not show that: it would keep them.
 */
import type { Objects } from "../../cluster/objects.ts";
import type { LiveObject } from "../../model/live.ts";
import type { FieldsV1, KubeObject } from "../../model/object.ts";
import { adopt } from "../../plan/adoption.ts";
import { isOurs } from "../../plan/drift.ts";
import { type FieldPath, formatPath } from "../../plan/fields.ts";
import { leaveOut } from "../../plan/ignore.ts";
import { valueAtPath, withValueAt } from "./live-values.ts";
import { withoutBookkeeping } from "./shown.ts";

export interface Adopted {
  /** The answer, without what the adoption takes away. */
  object: KubeObject;
  note?: string;
}

/** Would the controller take claims over with the next apply? As plan/plan.ts decides. */
export function wouldAdopt(view: LiveObject, isOurs: boolean): boolean {
  if (view.additions.length > 0) return true;
  return !isOurs && view.claim === undefined && view.appliedHash === undefined;
}

/**
 * @param live with its managedFields
 * @param answer of the dry-run
 */
export async function afterAdoption(
  live: KubeObject,
  answer: KubeObject,
  o: {
    view: LiveObject;
    fieldManager: string;
    disallowedManagers: readonly string[];
    objects: Objects;
  },
): Promise<Adopted> {
  const entries = adopt(live.metadata.managedFields ?? [], o.fieldManager, o.disallowedManagers);
  const taken = entries?.[0]?.fieldsV1;
  if (entries === undefined || taken === undefined) return { object: answer };
  const ours = answer.metadata.managedFields?.find((entry) => isOurs(entry, o.fieldManager));
  const kept = [ours, ...entries.slice(1)].flatMap((entry) => entry?.fieldsV1 ?? []);
  const lost = lostPaths(answer, taken, kept).filter((path) => path[0] !== "status");
  if (lost.length === 0) return { object: answer };
  const reduced = leaveOut(answer, lost);
  const defaulted = await withDefaults(reduced, o);
  if (defaulted === undefined) {
    const fields = lost.map(formatPath).join(", ");
    return {
      object: answer,
      note: `adopting it may take away, or set back, what others set: ${fields}`,
    };
  }
  // What has a default is set back to it rather than taken away.
  const object = lost.reduce(
    (result, path) => {
      const value = valueAtPath(defaulted, path);
      return value === undefined ? result : withValueAt(result, path, value);
    },
    leaveOut(
      answer,
      lost.filter((path) => valueAtPath(defaulted, path) === undefined),
    ),
  );
  return { object };
}

/** As the apiserver would fill it in; undefined where it cannot be asked for an object of another name. */
async function withDefaults(
  object: KubeObject,
  { objects, view }: { objects: Objects; view: LiveObject },
): Promise<KubeObject | undefined> {
  const { metadata, ...rest } = withoutBookkeeping(object);
  const { name: _, ...others } = metadata;
  const probe = { ...rest, metadata: { ...others, generateName: "mooring-diff-" } } as KubeObject;
  try {
    return await objects.create(view.resource, probe, { dryRun: true });
  } catch {
    // Not allowed, or not possible: kinds whose names mean something, values that are taken.
    return undefined;
  }
}

/** Paths of the object that the claim names, and none of the others. */
function lostPaths(
  at: unknown,
  claim: FieldsV1,
  others: readonly FieldsV1[],
  path: FieldPath = [],
): FieldPath[] {
  return Object.entries(claim).flatMap(([key, below]) => {
    const part = partOf(at, key);
    if (part === undefined) return [];
    const inner = [...path, part];
    const same = others.flatMap((other) => other[key] ?? []);
    // Nothing is without metadata, whoever claims what is in it.
    if (same.length === 0 && inner.length === 1 && part === "metadata") {
      return lostPaths((at as KubeObject).metadata, below, [], inner);
    }
    if (same.length === 0) return [inner];
    // Claimed as one value by somebody: no part of it is lost.
    if (same.some((other) => Object.keys(other).length === 0)) return [];
    return lostPaths((at as Record<string | number, unknown>)[part], below, same, inner);
  });
}

/** The member or index that a key of a claim means; undefined where the object has none. */
function partOf(at: unknown, key: string): string | number | undefined {
  const rest = key.slice(2);
  if (key.startsWith("f:")) {
    return isMap(at) && at[rest] !== undefined ? rest : undefined;
  }
  if (!Array.isArray(at)) return undefined;
  const index = key.startsWith("k:")
    ? at.findIndex((item) => hasKeys(item, JSON.parse(rest) as Record<string, unknown>))
    : key.startsWith("v:")
      ? at.findIndex((item) => JSON.stringify(item) === rest)
      : -1;
  return index < 0 ? undefined : index;
}

function hasKeys(item: unknown, keys: Record<string, unknown>): boolean {
  return isMap(item) && Object.entries(keys).every(([name, value]) => item[name] === value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
