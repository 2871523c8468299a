/** What the apiserver's discovery endpoints answer, and how it becomes resources. */
import type { ResourceKind } from "../model/object.ts";

/** `apidiscovery.k8s.io/v2`; v2beta1 has the same fields. */
export interface AggregatedDiscovery {
  kind: "APIGroupDiscoveryList";
  items?: {
    metadata?: { name?: string };
    /** The preferred first. */
    versions?: {
      version: string;
      /** `Stale`: the server behind an APIService does not answer; resources are the last known, or none. */
      freshness?: "Current" | "Stale";
      resources?: {
        resource: string;
        responseKind?: { group?: string; version?: string; kind?: string } | null;
        scope: "Namespaced" | "Cluster";
        verbs?: string[];
      }[];
    }[];
  }[];
}

/** GET /apis of a server without aggregated discovery (before 1.26, or behind some proxies). */
export interface GroupList {
  kind: "APIGroupList";
  groups?: {
    name: string;
    versions: { groupVersion: string; version: string }[];
    preferredVersion?: { groupVersion: string; version: string };
  }[];
}

/** GET /api, likewise. */
export interface CoreVersions {
  kind: "APIVersions";
  versions?: string[];
}

/** GET /apis/<group>/<version>. */
export interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[];
}

/** What is known of a group and version, the preferred version of a group before the others. */
export interface GroupVersion {
  group: string;
  version: string;
  /** The server behind the group did not say what it has: `resources` may be old, or empty. */
  unknown: boolean;
  resources: readonly ResourceKind[];
}

export function fromAggregated(document: AggregatedDiscovery): GroupVersion[] {
  const result: GroupVersion[] = [];
  for (const item of document.items ?? []) {
    const group = item.metadata?.name ?? "";
    for (const { version, freshness, resources = [] } of item.versions ?? []) {
      const kinds: ResourceKind[] = [];
      for (const { resource, responseKind, scope, verbs = [] } of resources) {
        const kind = responseKind?.kind;
        if (kind === undefined || kind === "" || resource.includes("/")) continue;
        kinds.push({ group, version, kind, resource, namespaced: scope === "Namespaced", verbs });
      }
      result.push({ group, version, unknown: freshness === "Stale", resources: kinds });
    }
  }
  return result;
}

export function fromResourceList(
  group: string,
  version: string,
  document: ResourceList,
): ResourceKind[] {
  const kinds: ResourceKind[] = [];
  for (const { name, kind, namespaced, verbs = [] } of document.resources ?? []) {
    if (name.includes("/")) continue;
    kinds.push({ group, version, kind, resource: name, namespaced, verbs });
  }
  return kinds;
}

/** Group and version pairs of the unaggregated documents, the preferred version first. */
export function versionsOf(
  core: CoreVersions,
  groups: GroupList,
): [group: string, version: string][] {
  const pairs: [string, string][] = (core.versions ?? []).map((version) => ["", version]);
  for (const { name, versions, preferredVersion } of groups.groups ?? []) {
    const preferred = preferredVersion?.version;
    const ordered = versions.map(({ version }) => version);
    ordered.sort((a, b) => Number(b === preferred) - Number(a === preferred));
    for (const version of ordered) pairs.push([name, version]);
  }
  return pairs;
}
