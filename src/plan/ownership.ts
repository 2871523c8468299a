/**
 * Whose object is it? Marks follow the ApplySet convention (KEP-3659), so that `kubectl`
 * knows the sets and refuses to prune them; proof is our label and our field manager together.
 */
import { createHash } from "node:crypto";
import { annotations, group, kind } from "../model/application.ts";
import type { LiveObject } from "../model/live.ts";
import { type GroupKind, groupKindKey, type KubeObject, parseGroupKind } from "../model/object.ts";

export const partOfLabel = "applyset.kubernetes.io/part-of";
export const parentIdLabel = "applyset.kubernetes.io/id";
export const toolingAnnotation = "applyset.kubernetes.io/tooling";
export const groupKindsAnnotation = "applyset.kubernetes.io/contains-group-kinds";
export const namespacesAnnotation = "applyset.kubernetes.io/additional-namespaces";
/** The format of our marks; not the program's version, so that an upgrade writes nothing. */
export const tooling = "mooring/v1";

/** All our field managers start with this. */
export const managerPrefix = "mooring.";
/** Holds fields that `ignoreDifferences` hands over. */
export const ignoredManager = "mooring-ignored";

export interface Ownership {
  /** The ApplySet's id. */
  id: string;
  /** The field manager of every apply for this application. */
  fieldManager: string;
}

export function ownershipOf(application: { namespace: string; name: string }): Ownership {
  const parent = `${application.name}.${application.namespace}.${kind}.${group}`;
  const id = `applyset-${createHash("sha256").update(parent).digest("base64url")}-v1`;
  return { id, fieldManager: fieldManagerOf(id) };
}

/** The field manager that belongs to an ApplySet of ours: one for each application, so that two conflict. */
export function fieldManagerOf(id: string): string {
  return managerPrefix + createHash("sha256").update(id).digest("hex").slice(0, 10);
}

/** Reads the parent's durable record of the kinds that its set may hold. */
export function recordedGroupKinds(parent: Readonly<Record<string, string>>): GroupKind[] {
  const value = parent[groupKindsAnnotation];
  if (value === undefined || value === "") return [];
  return value.split(",").map((key) => parseGroupKind(key.trim()));
}

/** The parent's annotations for a set of these kinds and namespaces. */
export function parentAnnotations(
  kinds: Iterable<GroupKind>,
  namespaces: Iterable<string>,
  parentNamespace: string,
): Record<string, string> {
  const others = [...new Set(namespaces)].filter((name) => name !== parentNamespace).sort();
  return {
    [toolingAnnotation]: tooling,
    [groupKindsAnnotation]: [...new Set([...kinds].map(groupKindKey))].sort().join(","),
    ...(others.length > 0 ? { [namespacesAnnotation]: others.join(",") } : {}),
  };
}

/** Is it ours, free, or somebody else's? */
export type Standing =
  | { state: "ours" }
  /** Nobody keeps it from Git; it may be adopted. */
  | { state: "free" }
  | { state: "other"; owner: string };

/** `namespace/name` of the Application of this installation that has a field manager. */
export type ApplicationOf = (fieldManager: string) => string | undefined;

/**
 * Judges a live object for an application that wants it.
 * `consent`: the desired object says `mooring.dev/adopt: "true"`, which overrides another GitOps
 * tool's marks, but never another application of Mooring nor a controller.
 */
export function standing(
  live: LiveObject,
  ownership: Ownership,
  consent: boolean,
  applicationOf: ApplicationOf,
): Standing {
  if (live.partOf === ownership.id) return { state: "ours" };
  const other = live.otherAppliers.find(
    (manager) => manager.startsWith(managerPrefix) && manager !== ownership.fieldManager,
  );
  if (live.partOf !== undefined || other !== undefined)
    return { state: "other", owner: otherApplication(live, other, applicationOf) };
  if (live.controlled)
    return { state: "other", owner: "a controller (it has a controller ownerReference)" };
  if (live.foreignOwner !== undefined && !consent)
    return {
      state: "other",
      owner: `${live.foreignOwner}; to take it over set the annotation ${annotations.adopt}: "true" on it in Git`,
    };
  return { state: "free" };
}

/** A set that no application here has is another installation's, or another tool's. */
function otherApplication(
  live: LiveObject,
  applier: string | undefined,
  applicationOf: ApplicationOf,
): string {
  const set = live.partOf ?? "unknown";
  const manager = applier ?? fieldManagerOf(set);
  const name = applicationOf(manager);
  return name === undefined
    ? `another owner (set ${set}, field manager ${manager})`
    : `the application ${name}`;
}

/** Marks of other GitOps tools, in words; our own and kubectl's are not foreign. */
export function foreignOwnerOf(object: KubeObject): string | undefined {
  const labels = object.metadata.labels ?? {};
  const notes = object.metadata.annotations ?? {};
  const tracking = notes["argocd.argoproj.io/tracking-id"];
  if (tracking !== undefined) return `Argo CD application ${tracking.split(":")[0]}`;
  const flux = labels["kustomize.toolkit.fluxcd.io/name"];
  if (flux !== undefined)
    return `Flux Kustomization ${labels["kustomize.toolkit.fluxcd.io/namespace"] ?? ""}/${flux}`;
  const fluxHelm = labels["helm.toolkit.fluxcd.io/name"];
  if (fluxHelm !== undefined)
    return `Flux HelmRelease ${labels["helm.toolkit.fluxcd.io/namespace"] ?? ""}/${fluxHelm}`;
  const release = notes["meta.helm.sh/release-name"];
  if (release !== undefined)
    return `Helm release ${notes["meta.helm.sh/release-namespace"] ?? ""}/${release}`;
  return undefined;
}
