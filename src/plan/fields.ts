/**
 * Sets of fields as managedFields writes them (FieldsV1 of structured-merge-diff): read
 * without a schema.
 */
import { createHash } from "node:crypto";
import type { FieldsV1, KubeObject } from "../model/object.ts";

/** A step into an object: a member's name or a list's index. */
export type FieldPath = readonly (string | number)[];

/** How a claim relates to an object: whether it names every field that the object has. */
export type Coverage =
  | { state: "covered" }
  | { state: "missing"; paths: readonly FieldPath[] }
  /** A defaulted list key fits two items: only the apiserver can tell. */
  | { state: "unclear"; paths: readonly FieldPath[] };

/** Fields that managedFields never names: they identify the object. */
const unclaimedMetadata = new Set(["name", "namespace", "uid", "resourceVersion"]);

/** Digest of a claim. The apiserver writes FieldsV1 sorted, so equal sets give equal digests. */
export function digestFields(fields: FieldsV1): string {
  return createHash("sha256").update(JSON.stringify(fields)).digest("base64url").slice(0, 22);
}

/** Does the claim name every field that the object sets? Nulls are not set. */
export function coverage(object: KubeObject, claim: FieldsV1): Coverage {
  const missing: FieldPath[] = [];
  const unclear: FieldPath[] = [];

  /** Associative lists are claimed by their items: an empty one by nothing. Maps may be, too. */
  const lacks = (value: unknown, path: FieldPath): void => {
    if (Array.isArray(value) && value.length === 0) return;
    const isEmptyMap = typeof value === "object" && value !== null && isLeaf(value as FieldsV1);
    (isEmptyMap ? unclear : missing).push(path);
  };

  const walk = (value: unknown, fields: FieldsV1, path: FieldPath): void => {
    // A bare leaf is a scalar, or a map or list that is owned as one atomic value.
    if (value === null || typeof value !== "object" || isLeaf(fields)) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walkItem(item, index, fields, path);
      return;
    }
    for (const [name, member] of Object.entries(value)) {
      if (member === null || member === undefined) continue;
      const inner = fields[`f:${name}`];
      const at = [...path, name];
      if (inner !== undefined) walk(member, inner, at);
      else lacks(member, at);
    }
  };

  const walkItem = (item: unknown, index: number, fields: FieldsV1, path: FieldPath): void => {
    const at = [...path, index];
    const keys = itemKeys(item, index, fields);
    const [only] = keys;
    if (only === undefined) missing.push(at);
    else if (keys.length > 1) unclear.push(at);
    else walk(item, fields[only] ?? {}, at);
  };

  for (const [name, value] of Object.entries(object)) {
    if (name === "apiVersion" || name === "kind" || value === null || value === undefined) continue;
    const claimed = claim[`f:${name}`];
    if (name === "metadata") {
      const rest = Object.fromEntries(
        Object.entries(value as object).filter(([key]) => !unclaimedMetadata.has(key)),
      );
      walk(rest, { ...claimed, ".": {} }, ["metadata"]);
    } else if (claimed !== undefined) walk(value, claimed, [name]);
    else lacks(value, [name]);
  }
  if (missing.length > 0) return { state: "missing", paths: missing };
  if (unclear.length > 0) return { state: "unclear", paths: unclear };
  return { state: "covered" };
}

/** The keys of a claimed list that fit an item: associative `k:`, set member `v:`, or index `i:`. */
export function itemKeys(item: unknown, index: number, fields: FieldsV1): string[] {
  const fitting: string[] = [];
  for (const key of Object.keys(fields)) {
    if (key.startsWith("k:")) {
      const wanted = JSON.parse(key.slice(2)) as Record<string, unknown>;
      if (typeof item !== "object" || item === null) continue;
      const have = item as Record<string, unknown>;
      // A key field that the item leaves out was defaulted by the apiserver: it may be any value.
      const fits = Object.entries(wanted).every(
        ([name, value]) => have[name] === undefined || have[name] === value,
      );
      if (fits) fitting.push(key);
    } else if (key.startsWith("v:")) {
      if (key.slice(2) === JSON.stringify(item)) fitting.push(key);
    } else if (key === `i:${index}`) fitting.push(key);
  }
  return fitting;
}

function isLeaf(fields: FieldsV1): boolean {
  for (const _ in fields) return false;
  return true;
}

/** All fields of both claims. */
export function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const both: FieldsV1 = { ...a };
  for (const [key, inner] of Object.entries(b)) {
    const mine = both[key];
    both[key] = mine === undefined ? inner : union(mine, inner);
  }
  return both;
}

/** Does the claim name anything that is neither metadata nor status? */
export function holdsContent(fields: FieldsV1): boolean {
  return contentPaths(fields).length > 0;
}

/**
 * The leaves of a claim outside metadata and status, as people write them. The time of a
 * rollout's restart is left out: `kubectl rollout restart` is an order, not a drift.
 */
export function contentPaths(fields: FieldsV1): string[] {
  return leaves(fields).filter(
    (path) =>
      !path.startsWith("metadata.") &&
      !path.startsWith("status") &&
      !path.endsWith("annotations[kubectl.kubernetes.io/restartedAt]") &&
      !path.endsWith("annotations"),
  );
}

/** Every leaf of a claim: `spec.template.spec.containers[name=web].image`. */
export function leaves(fields: FieldsV1): string[] {
  const found: string[] = [];
  const walk = (at: FieldsV1, path: string): void => {
    let inner = false;
    for (const [key, below] of Object.entries(at)) {
      if (key === ".") continue;
      inner = true;
      walk(below, path + step(key, path === ""));
    }
    if (!inner && path !== "") found.push(path);
  };
  walk(fields, "");
  return found;
}

function step(key: string, first: boolean): string {
  const kind = key.slice(0, 2);
  const rest = key.slice(2);
  if (kind === "f:") {
    if (/[./]/.test(rest)) return `[${rest}]`;
    return first ? rest : `.${rest}`;
  }
  if (kind === "k:") {
    const keys = JSON.parse(rest) as Record<string, unknown>;
    return `[${Object.entries(keys)
      .map(([name, value]) => `${name}=${value}`)
      .join(",")}]`;
  }
  return `[${rest}]`;
}

/** A path for people: `spec.containers[0].image`. */
export function formatPath(path: FieldPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/[./]/.test(part)) text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** Whether a claim holds the field at a path of an object; used to tell who changed what. */
export function claims(fields: FieldsV1, object: unknown, path: FieldPath): boolean {
  let at = fields;
  let value = object;
  for (const part of path) {
    if (isLeaf(at)) return true;
    const parent = value as Record<string | number, unknown> | undefined;
    value = parent?.[part];
    const key = typeof part === "number" ? itemKeys(value, part, at)[0] : `f:${part}`;
    const inner = key === undefined ? undefined : at[key];
    if (inner === undefined) return false;
    at = inner;
  }
  return true;
}
