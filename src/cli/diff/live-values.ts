/** Fields of a desired object that are to stay as the cluster has them. */
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from "../../model/object.ts";
import { isOurs } from "../../plan/drift.ts";
import { claims, type FieldPath, itemKeys } from "../../plan/fields.ts";
import { leaveOut } from "../../plan/ignore.ts";

/**
 * The desired object with its ignored fields as they are in the cluster: what an apply after the
 * hand-over (apply/hand-over.ts) amounts to, for one dry-run that hands nothing over.
 * @param whole with the ignored fields
 * @param live with its managedFields
 */
export function withIgnoredAsLive(
  whole: KubeObject,
  ignored: readonly FieldPath[],
  live: KubeObject,
  fieldManager: string,
): KubeObject {
  const claim = claimOf(live, fieldManager);
  // What we do not claim stays as it is when we leave it out.
  const held = ignored.filter((path) => claims(claim, whole, path));
  const missing = held.filter((path) => valueAt(live, whole, path, claim) === undefined);
  const dropped = [...ignored.filter((path) => !held.includes(path)), ...missing];
  return leaveOut(withFieldsAsLive(whole, held, live, fieldManager), dropped);
}

/** The desired object with these fields of it as they are in the cluster, where it has them. */
export function withFieldsAsLive(
  desired: KubeObject,
  paths: readonly FieldPath[],
  live: KubeObject,
  fieldManager: string,
): KubeObject {
  const claim = claimOf(live, fieldManager);
  let result = desired;
  for (const path of paths) {
    const value = valueAt(live, desired, path, claim);
    if (value !== undefined) result = withValueAt(result, path, value);
  }
  return result;
}

/** A copy with another value there. */
export function withValueAt(object: KubeObject, path: FieldPath, value: unknown): KubeObject {
  return replaced(object, path, value) as KubeObject;
}

/** undefined where the object has none. */
export function valueAtPath(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((at, part) => member(at, part), object);
}

function claimOf(live: KubeObject, fieldManager: string): FieldsV1 {
  const entries: readonly ManagedFieldsEntry[] = live.metadata.managedFields ?? [];
  return entries.find((entry) => isOurs(entry, fieldManager))?.fieldsV1 ?? {};
}

/** Of the live object, at a path of the desired one: items of lists are found by the keys that our claim names. */
function valueAt(live: unknown, desired: unknown, path: FieldPath, claim: FieldsV1): unknown {
  let [at, wanted, fields]: [unknown, unknown, FieldsV1 | undefined] = [live, desired, claim];
  for (const part of path) {
    wanted = member(wanted, part);
    if (typeof part === "number") {
      const key: string | undefined = itemKeys(wanted, part, fields ?? {})[0];
      at = key?.startsWith("k:") ? itemWith(at, key) : member(at, part);
      fields = key === undefined ? undefined : fields?.[key];
    } else {
      at = member(at, part);
      fields = fields?.[`f:${part}`];
    }
  }
  return at;
}

function itemWith(list: unknown, key: string): unknown {
  const keys = Object.entries(JSON.parse(key.slice(2)) as Record<string, unknown>);
  if (!Array.isArray(list)) return undefined;
  return list.find((item) => keys.every(([name, value]) => member(item, name) === value));
}

function replaced(at: unknown, [part, ...rest]: FieldPath, value: unknown): unknown {
  if (part === undefined) return value;
  const inner = replaced(member(at, part), rest, value);
  if (Array.isArray(at)) return at.map((item, index) => (index === part ? inner : item));
  return { ...(at as object), [part]: inner };
}

function member(at: unknown, part: string | number): unknown {
  if (typeof at !== "object" || at === null) return undefined;
  return (at as Record<string | number, unknown>)[part];
}
