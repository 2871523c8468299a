/** Which kinds the cluster has, and which it may have without being able to say so just now. */
import {
  type GroupKind,
  groupKindKey,
  groupOf,
  type ResourceKind,
  versionOf,
} from "../model/object.ts";
import { ApiError } from "./api-error.ts";
import { type ApiVersions, apiVersionsOf } from "./api-versions.ts";
import {
  type AggregatedDiscovery,
  type CoreVersions,
  fromAggregated,
  fromResourceList,
  type GroupList,
  type GroupVersion,
  type ResourceList,
  versionsOf,
} from "./discovery-documents.ts";
import type { Transport } from "./transport.ts";

const AGGREGATED = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");

/** One immutable answer: replaced as a whole, so that readers never see half a refresh. */
interface Known {
  groupVersions: readonly GroupVersion[];
  /** `apps/v1 Deployment`. */
  byVersion: ReadonlyMap<string, ResourceKind>;
  /** Group and kind, at the preferred version that has it. */
  byKind: ReadonlyMap<string, ResourceKind>;
  unknownGroups: readonly string[];
  apiVersions: ApiVersions;
  kubernetesVersion: string;
  fetchedAt: Date;
}

export class Discovery {
  readonly #transport: Transport;
  readonly #now: () => Date;
  #known: Known | undefined;

  constructor(transport: Transport, now: () => Date = () => new Date()) {
    this.#transport = transport;
    this.#now = now;
  }

  /**
   * Asks anew: aggregated discovery (two requests) and the version. A failure leaves what was known.
   * A group that could not be asked keeps what was known of it, and is in `unknownGroups`.
   *
   * @throws as Transport.request, when the groups themselves cannot be listed
   * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
   */
  async refresh(signal?: AbortSignal): Promise<void> {
    const ask = <T>(path: string, accept: string): Promise<T> =>
      this.#transport.request<T>({ method: "GET", path, accept, signal });
    const [core, groups, version] = await Promise.all([
      ask<AggregatedDiscovery | CoreVersions>("/api", AGGREGATED),
      ask<AggregatedDiscovery | GroupList>("/apis", AGGREGATED),
      ask<{ gitVersion?: string }>("/version", "application/json"),
    ]);
    const found =
      core.kind === "APIGroupDiscoveryList" && groups.kind === "APIGroupDiscoveryList"
        ? [...fromAggregated(core), ...fromAggregated(groups)]
        : await this.#oneByOne(core as CoreVersions, groups as GroupList, ask);
    this.#known = index(found, this.#known, version.gitVersion ?? "", this.#now());
  }

  /** The resource of a manifest's apiVersion and kind. */
  find(apiVersion: string, kind: string): ResourceKind | undefined {
    return this.#known?.byVersion.get(versionKey(groupOf(apiVersion), versionOf(apiVersion), kind));
  }

  /** At the version that the server prefers. */
  preferred(gk: GroupKind): ResourceKind | undefined {
    return this.#known?.byKind.get(groupKindKey(gk));
  }

  /** Every kind that can be listed, once, at its preferred version. Complete only without `unknownGroups`. */
  listable(): readonly ResourceKind[] {
    return [...(this.#known?.byKind.values() ?? [])].filter(({ verbs }) => verbs.includes("list"));
  }

  /** Groups whose servers did not say what they have: unknown, not absent. */
  get unknownGroups(): readonly string[] {
    return this.#known?.unknownGroups ?? [];
  }

  /** Everything that is served, as charts ask for it. */
  get apiVersions(): ApiVersions {
    return this.#known?.apiVersions ?? { unknown: "the cluster was not asked for its APIs yet" };
  }

  /** `v1.36.3`; empty before the first refresh. */
  get kubernetesVersion(): string {
    return this.#known?.kubernetesVersion ?? "";
  }

  /** Of the last refresh that succeeded. */
  get fetchedAt(): Date | undefined {
    return this.#known?.fetchedAt;
  }

  async #oneByOne(
    core: CoreVersions,
    groups: GroupList,
    ask: <T>(path: string, accept: string) => Promise<T>,
  ): Promise<GroupVersion[]> {
    return Promise.all(
      versionsOf(core, groups).map(async ([group, version]) => {
        const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
        try {
          const list = await ask<ResourceList>(path, "application/json");
          return {
            group,
            version,
            unknown: false,
            resources: fromResourceList(group, version, list),
          };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return { group, version, unknown: true, resources: [] };
        }
      }),
    );
  }
}

function index(
  found: readonly GroupVersion[],
  before: Known | undefined,
  kubernetesVersion: string,
  fetchedAt: Date,
): Known {
  const unknown = new Set<string>();
  const groupVersions = found.map((groupVersion) => {
    if (!groupVersion.unknown) return groupVersion;
    unknown.add(groupVersion.group);
    if (groupVersion.resources.length > 0) return groupVersion;
    const { group, version } = groupVersion;
    const last = before?.groupVersions.find((gv) => gv.group === group && gv.version === version);
    return { ...groupVersion, resources: last?.resources ?? [] };
  });
  const byVersion = new Map<string, ResourceKind>();
  const byKind = new Map<string, ResourceKind>();
  for (const { resources } of groupVersions) {
    for (const resource of resources) {
      // Of two resources of one kind the first counts, as in kubectl's mapper.
      const { group, version, kind } = resource;
      const exact = versionKey(group, version, kind);
      if (!byVersion.has(exact)) byVersion.set(exact, resource);
      const any = groupKindKey(resource);
      if (!byKind.has(any)) byKind.set(any, resource);
    }
  }
  return {
    groupVersions,
    byVersion,
    byKind,
    unknownGroups: [...unknown],
    apiVersions: apiVersionsOf(groupVersions, before?.apiVersions),
    kubernetesVersion,
    fetchedAt,
  };
}

function versionKey(group: string, version: string, kind: string): string {
  return `${group}/${version} ${kind}`;
}
