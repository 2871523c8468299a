/**
 * Adoption: the claims of those who wrote an object before us become part of ours, so that a
 * field which is later dropped from Git goes away instead of staying for ever, co-owned by a
 * manager that never comes back. The same rewrite as client-go's csaupgrade.
 */
import type { FieldsV1, ManagedFieldsEntry } from "../model/object.ts";
import { union } from "./fields.ts";

/** Managers whose claims are taken over with the object. */
const formerManagers = [
  "kubectl*",
  "before-first-apply",
  "argocd*",
  "kustomize-controller",
  "helm",
  "Helm",
  "helm-controller",
];

/** Matches managers against names with an optional `*` at the end. */
export function matchesManager(patterns: readonly string[], manager: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? manager.startsWith(pattern.slice(0, -1)) : manager === pattern,
  );
}

/**
 * managedFields after adoption, or undefined when there is nothing to adopt.
 * Entries of subresources stay: a scale or status writer is no former owner.
 */
export function adopt(
  entries: readonly ManagedFieldsEntry[],
  fieldManager: string,
  disallowed: readonly string[],
): ManagedFieldsEntry[] | undefined {
  const taken = entries.filter(
    (entry) =>
      (entry.subresource ?? "") === "" &&
      entry.manager !== undefined &&
      entry.manager !== fieldManager &&
      matchesManager([...formerManagers, ...disallowed], entry.manager),
  );
  if (taken.length === 0) return undefined;
  const ours = entries.find(
    (entry) =>
      entry.manager === fieldManager &&
      entry.operation === "Apply" &&
      (entry.subresource ?? "") === "",
  );
  const fields = taken.reduce<FieldsV1>(
    (all, entry) => union(all, entry.fieldsV1 ?? {}),
    ours?.fieldsV1 ?? {},
  );
  const apiVersion = ours?.apiVersion ?? taken[0]?.apiVersion;
  const merged: ManagedFieldsEntry = {
    manager: fieldManager,
    operation: "Apply",
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
  return [merged, ...entries.filter((entry) => entry !== ours && !taken.includes(entry))];
}
