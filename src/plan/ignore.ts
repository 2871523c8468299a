/**
 * `ignoreDifferences`: which fields of a desired object are somebody else's to change.
 *
 * Leaving a field out of an apply removes or resets it, so these fields are handed over to
 * another manager first (see apply/hand-over). Only fields that the desired object sets can be
 * ignored; of all others we never claim anything.
 */
import type { IgnoreDifference } from "../model/application.ts";
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from "../model/object.ts";
import { groupOf } from "../model/object.ts";
import { type FieldPath, itemKeys } from "./fields.ts";

/** Evaluates jq path expressions; supplied by the caller, who bounds their time. */
export type JqPaths = (expression: string) => readonly FieldPath[];

export function rulesFor(
  object: KubeObject,
  rules: readonly IgnoreDifference[],
): IgnoreDifference[] {
  return rules.filter(
    (rule) =>
      (rule.group === "*" || (rule.group ?? "") === groupOf(object.apiVersion)) &&
      (rule.kind === "*" || rule.kind === object.kind) &&
      (rule.name === undefined || rule.name === object.metadata.name) &&
      (rule.namespace === undefined || rule.namespace === object.metadata.namespace),
  );
}

/** The fields of `object` that the rules name, deepest last; parents swallow their children. */
export function ignoredPaths(
  object: KubeObject,
  rules: readonly IgnoreDifference[],
  jq: JqPaths,
  managedFields: readonly ManagedFieldsEntry[],
): FieldPath[] {
  const found: FieldPath[] = [];
  for (const rule of rules) {
    for (const pointer of rule.jsonPointers ?? []) found.push(pointerPath(pointer));
    for (const expression of rule.jqPathExpressions ?? []) found.push(...jq(expression));
    for (const entry of managedFields)
      if (entry.manager !== undefined && rule.managedFieldsManagers?.includes(entry.manager))
        found.push(...claimedPaths(object, entry.fieldsV1 ?? {}));
  }
  const existing = found
    .map((path) => resolve(object, path))
    .filter((path) => path !== undefined && isIgnorable(path)) as FieldPath[];
  return withoutNested(existing);
}

/** The object without the ignored fields; the object itself where there are none. */
export function leaveOut(object: KubeObject, paths: readonly FieldPath[]): KubeObject {
  if (paths.length === 0) return object;
  const copy = structuredCopy(object) as KubeObject;
  // From the end, so that list indices stay right.
  for (const path of [...paths].sort(comparePaths).reverse()) {
    const parent = path.slice(0, -1).reduce<unknown>((at, part) => member(at, part), copy);
    const last = path.at(-1);
    if (Array.isArray(parent) && typeof last === "number") parent.splice(last, 1);
    else if (parent !== undefined && last !== undefined)
      delete (parent as Record<string, unknown>)[last];
  }
  return copy;
}

/**
 * The smallest object that claims the ignored fields with their live values: what the second
 * manager applies. Items of associative lists carry their keys, which `claim` (ours) names.
 */
export function handOverBody(
  live: KubeObject,
  desired: KubeObject,
  paths: readonly FieldPath[],
  claim: FieldsV1,
): KubeObject {
  const body: KubeObject = {
    apiVersion: desired.apiVersion,
    kind: desired.kind,
    metadata: {
      name: live.metadata.name ?? "",
      ...(live.metadata.namespace === undefined ? {} : { namespace: live.metadata.namespace }),
    },
  };
  for (const path of paths) copyField(live, desired, body, path, claim);
  return body;
}

function copyField(
  live: unknown,
  desired: unknown,
  into: unknown,
  path: FieldPath,
  claim: FieldsV1,
): void {
  let from = live;
  let wanted = desired;
  let to = into as Record<string, unknown> | unknown[];
  let fields: FieldsV1 | undefined = claim;
  for (const [depth, part] of path.entries()) {
    wanted = member(wanted, part);
    const last = depth === path.length - 1;
    if (typeof part === "number") {
      const key: string | undefined = itemKeys(wanted, part, fields ?? {})[0];
      if (key === undefined || !key.startsWith("k:") || !Array.isArray(from) || !Array.isArray(to))
        return;
      const keys = JSON.parse(key.slice(2)) as Record<string, unknown>;
      const has = (item: unknown) =>
        Object.entries(keys).every(([name, value]) => member(item, name) === value);
      from = from.find(has);
      if (from === undefined) return;
      let item = to.find(has);
      if (item === undefined) {
        item = last ? from : { ...keys };
        to.push(item);
      }
      to = item as Record<string, unknown>;
      fields = fields?.[key];
    } else {
      from = member(from, part);
      if (from === undefined) return;
      const holder = to as Record<string, unknown>;
      if (last) holder[part] = from;
      else {
        holder[part] ??= Array.isArray(from) ? [] : {};
        to = holder[part] as Record<string, unknown> | unknown[];
      }
      fields = fields?.[`f:${part}`];
    }
  }
}

/** RFC 6901. */
function pointerPath(pointer: string): FieldPath {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The path with list indices as numbers, if the object has such a field. */
function resolve(object: unknown, path: FieldPath): FieldPath | undefined {
  const resolved: (string | number)[] = [];
  let at = object;
  for (const part of path) {
    const index = Array.isArray(at) ? Number(part) : part;
    at = member(at, index);
    if (at === undefined) return undefined;
    resolved.push(index);
  }
  return resolved;
}

/** Identity is not ignorable, nor is the whole object. */
function isIgnorable(path: FieldPath): boolean {
  const [first, second] = path;
  if (first === undefined || first === "apiVersion" || first === "kind") return false;
  return (
    first !== "metadata" || (second !== undefined && second !== "name" && second !== "namespace")
  );
}

/** The fields of the object that a claim names: its leaves, where both go on. */
function claimedPaths(object: unknown, fields: FieldsV1, at: FieldPath = []): FieldPath[] {
  const found: FieldPath[] = [];
  if (Array.isArray(object)) {
    for (const [index, item] of object.entries())
      for (const key of itemKeys(item, index, fields))
        found.push(...below(item, fields[key], [...at, index]));
  } else if (typeof object === "object" && object !== null) {
    for (const [name, value] of Object.entries(object))
      if (fields[`f:${name}`] !== undefined)
        found.push(...below(value, fields[`f:${name}`], [...at, name]));
  }
  return found;
}

function below(value: unknown, fields: FieldsV1 | undefined, at: FieldPath): FieldPath[] {
  const inner = Object.keys(fields ?? {}).filter((key) => key !== ".");
  return inner.length === 0 ? [at] : claimedPaths(value, fields ?? {}, at);
}

function withoutNested(paths: readonly FieldPath[]): FieldPath[] {
  const sorted = [...paths].sort(comparePaths);
  const kept: FieldPath[] = [];
  for (const path of sorted)
    if (!kept.some((other) => other.every((part, index) => part === path[index]))) kept.push(path);
  return kept;
}

function comparePaths(a: FieldPath, b: FieldPath): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [x, y] = [a[index], b[index]];
    if (x === y) continue;
    if (typeof x === "number" && typeof y === "number") return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a.length - b.length;
}

function member(at: unknown, part: string | number): unknown {
  if (typeof at !== "object" || at === null) return undefined;
  return (at as Record<string | number, unknown>)[part];
}

/** A deep copy that keeps raw JSON numbers (JSON.rawJSON), which structuredClone refuses. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (typeof value !== "object" || value === null || isRawJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, structuredCopy(inner)]),
  );
}

function isRawJson(value: object): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}
