/** Kinds as people name them: `deploy`, `Deployment`, `deployments.apps`, `deployments.v1.apps`. */
import type { Transport } from "../../cluster/transport.ts";
import type { ResourceKind } from "../../model/object.ts";

/** What aggregated discovery says besides what the controller reads of it. */
interface Document {
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      resources?: {
        resource: string;
        singularResource?: string;
        shortNames?: string[];
        responseKind?: { kind?: string } | null;
        scope: "Namespaced" | "Cluster";
        verbs?: string[];
      }[];
    }[];
  }[];
}

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/**
 * The first that fits, in the order of the apiserver, which is kubectl's: the core group first, the
 * preferred version of a group before the others.
 * @throws Error when none does; ApiError
 */
export async function kindNamed(transport: Transport, text: string): Promise<ResourceKind> {
  const documents = await Promise.all(
    ["/api", "/apis"].map((path) => transport.request<Document>({ method: "GET", path, accept })),
  );
  const [wanted = "", ...rest] = text.toLowerCase().split(".");
  const place = rest.join(".");
  for (const { metadata, versions = [] } of documents.flatMap(({ items = [] }) => items)) {
    const group = metadata?.name ?? "";
    for (const { version, resources = [] } of versions) {
      if (place !== "" && place !== group && place !== `${version}.${group}`) continue;
      for (const {
        resource,
        singularResource,
        shortNames,
        responseKind,
        scope,
        verbs,
      } of resources) {
        const kind = responseKind?.kind;
        if (kind === undefined || kind === "" || resource.includes("/")) continue;
        const names = [resource, singularResource, kind.toLowerCase(), ...(shortNames ?? [])];
        if (!names.includes(wanted)) continue;
        return {
          group,
          version,
          kind,
          resource,
          namespaced: scope === "Namespaced",
          verbs: verbs ?? [],
        };
      }
    }
  }
  throw new Error(`the cluster has no kind ${JSON.stringify(text)}; see kubectl api-resources`);
}
