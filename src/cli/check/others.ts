/** Other GitOps controllers in the cluster, and whether they write objects of ours. */
import { groupKindKey, type KubeObject, type ResourceKind, refKey } from "../../model/object.ts";
import { foreignOwnerOf, partOfLabel } from "../../plan/ownership.ts";
import type { Cluster } from "../access/cluster.ts";
import type { Estate } from "./estate.ts";
import { type Finding, finding, unanswered } from "./finding.ts";

interface Other {
  name: string;
  /** A kind that it brings. */
  kind: { group: string; kind: string };
  /** Its workloads carry this label. */
  labelSelector: string;
  /** Its names in managedFields. */
  managers: RegExp;
  what: string;
}

const others: readonly Other[] = [
  {
    name: "Argo CD",
    kind: { group: "argoproj.io", kind: "Application" },
    labelSelector: "app.kubernetes.io/part-of=argocd",
    managers: /^argocd/,
    what: "argo-cd",
  },
  {
    name: "Flux",
    kind: { group: "kustomize.toolkit.fluxcd.io", kind: "Kustomization" },
    labelSelector: "app.kubernetes.io/part-of=flux",
    managers: /^(kustomize|helm)-controller$/,
    what: "flux",
  },
];
const workloads: readonly ResourceKind[] = (
  [
    ["Deployment", "deployments"],
    ["StatefulSet", "statefulsets"],
  ] as const
).map(([kind, resource]) => ({
  group: "apps",
  version: "v1",
  kind,
  resource,
  namespaced: true,
  verbs: ["list"],
}));
const shown = 5;

export async function checkOthers(cluster: Cluster, estate: Estate): Promise<Finding[]> {
  const discovery = await cluster.discovery();
  const present: Other[] = [];
  const findings: Finding[] = [];
  for (const other of others) {
    const running = await runningOf(other, cluster);
    const hasKind = discovery.preferred(other.kind) !== undefined;
    if (!hasKind && running.length === 0) continue;
    present.push(other);
    const where =
      running.length === 0
        ? "its CRDs are installed, no workload of it was seen"
        : `it runs as ${running.join(", ")}`;
    findings.push(
      finding(
        other.what,
        "warning",
        `${other.name} is here, too (${where}): no object may have two owners`,
      ),
    );
  }
  if (present.length === 0)
    return [finding("others", "ok", "neither Argo CD nor Flux is in the cluster")];
  return [...findings, ...(await sharedObjects(present, cluster, estate))];
}

async function runningOf({ labelSelector }: Other, { objects }: Cluster): Promise<string[]> {
  const lists = await Promise.all(
    workloads.map((resource) =>
      objects.list(resource, { labelSelector, metadataOnly: true }).catch(() => ({ items: [] })),
    ),
  );
  return lists
    .flatMap(({ items }, index) => items.map((item) => ({ item, kind: workloads[index]?.kind })))
    .map(({ item: { metadata }, kind }) => `${kind} ${metadata.namespace}/${metadata.name}`);
}

/** Objects with our mark that carry theirs, or whose fields they hold. */
async function sharedObjects(
  present: readonly Other[],
  { objects, discovery }: Cluster,
  { kinds }: Estate,
): Promise<Finding[]> {
  const known = await discovery();
  const findings: Finding[] = [];
  const shared: string[] = [];
  for (const gk of kinds) {
    const resource = known.preferred(gk);
    if (resource === undefined) continue;
    try {
      const { items } = await objects.list(resource, {
        labelSelector: partOfLabel,
        metadataOnly: true,
      });
      for (const item of items) {
        const who = claimant(item, present);
        if (who !== undefined) shared.push(`${nameOf(item, resource)} (${who})`);
      }
    } catch (error) {
      findings.push(
        unanswered("shared-objects", `whether ${groupKindKey(gk)} objects are shared`, error),
      );
    }
  }
  if (shared.length === 0) {
    return [
      ...findings,
      finding(
        "shared-objects",
        "ok",
        "they write no object that Mooring keeps, as far as was seen",
      ),
    ];
  }
  const more = shared.length > shown ? ` and ${shared.length - shown} more` : "";
  const list = shared.slice(0, shown).join(", ");
  return [
    ...findings,
    finding("shared-objects", "failure", `kept by Mooring and by another: ${list}${more}`),
  ];
}

function claimant(item: KubeObject, present: readonly Other[]): string | undefined {
  const entry = (item.metadata.managedFields ?? []).find(({ manager = "" }) =>
    present.some(({ managers }) => managers.test(manager)),
  );
  return foreignOwnerOf(item) ?? entry?.manager;
}

function nameOf({ metadata }: KubeObject, resource: ResourceKind): string {
  const { namespace, name = "" } = metadata;
  const { group, kind } = resource;
  return refKey({ group, kind, name, ...(namespace === undefined ? {} : { namespace }) });
}
