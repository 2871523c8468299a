/** What differs between a live object and the answer to a dry-run apply: paths, never values. */

import { annotations } from "../model/application.ts";
import { isExactInteger } from "../model/exact-json.ts";
import { type FieldPath, formatPath } from "./fields.ts";

/** Written by the apiserver, or of no meaning to the desired state. */
const serverMetadata = new Set([
  "managedFields",
  "resourceVersion",
  "generation",
  "uid",
  "creationTimestamp",
  "selfLink",
]);

/** @returns the paths that differ, at most `limit`. Status is not compared. A list's index is that of both sides. */
export function differingPaths(
  live: object,
  wanted: object,
  limit = Number.POSITIVE_INFINITY,
): FieldPath[] {
  const found: FieldPath[] = [];
  const walk = (a: unknown, b: unknown, path: FieldPath): void => {
    if (found.length >= limit || a === b) return;
    if (isExactInteger(a) && isExactInteger(b) && JSON.stringify(a) === JSON.stringify(b)) return;
    const both = isTree(a) && isTree(b);
    if (!both || Array.isArray(a) !== Array.isArray(b)) {
      found.push(path);
      return;
    }
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let index = 0; index < Math.max(a.length, b.length); index++)
        walk(a[index], b[index], [...path, index]);
      return;
    }
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (path.length === 0 && name === "status") continue;
      if (path.length === 1 && path[0] === "metadata" && serverMetadata.has(name)) continue;
      walk((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], [
        ...path,
        name,
      ]);
    }
  };
  walk(live, wanted, []);
  return found;
}

/** As people are told: the hash that we keep on an object changes with whatever else does, and says nothing then. */
export function toldPaths(paths: readonly FieldPath[]): string[] {
  const others = paths.filter(
    ([first, second, third]) =>
      !(first === "metadata" && second === "annotations" && third === annotations.appliedHash),
  );
  return (others.length > 0 ? others : paths).map(formatPath);
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null && !isExactInteger(value);
}
