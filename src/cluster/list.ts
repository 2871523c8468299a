/** Complete lists: every page, or an error. Never a part (invariant 3). */
import { apiVersionOf, type KubeObject, type ResourceKind } from "../model/object.ts";
import { ApiError } from "./api-error.ts";
import { objectPath } from "./object-path.ts";
import type { Identity, Transport } from "./transport.ts";

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  /** `metadata.name=...` is what every kind knows; a server that does not know it may answer with all. */
  fieldSelector?: string | undefined;
  /** Only metadata (`PartialObjectMetadata`), where the server can; aggregated APIs may answer with all. */
  metadataOnly?: boolean | undefined;
  as?: Identity | undefined;
  signal?: AbortSignal | undefined;
}

export interface ObjectList {
  /** With `apiVersion` and `kind` of the resource, also where only metadata was asked for. */
  items: KubeObject[];
  /** Where a watch goes on. */
  resourceVersion: string;
}

interface Page {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

const PAGE = 500;

/**
 * All objects of one kind at one resourceVersion. A list that expires half-way (410) is begun again,
 * the last time in one piece; a page that is too large is asked for in halves.
 *
 * @throws as Transport.request
 */
export async function listAll(
  transport: Transport,
  resource: ResourceKind,
  options: ListOptions = {},
): Promise<ObjectList> {
  let limit: number | undefined = PAGE;
  for (let tries = 0; ; ) {
    try {
      return await listPages(transport, resource, options, limit);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === "ResponseTooLarge" && limit !== undefined && limit > 1)
        limit = Math.floor(limit / 2);
      else if (error.status === 410 && tries < 2) {
        tries += 1;
        if (tries === 2) limit = undefined;
      } else throw error;
    }
  }
}

async function listPages(
  transport: Transport,
  resource: ResourceKind,
  { namespace, labelSelector, fieldSelector, metadataOnly, as, signal }: ListOptions,
  limit: number | undefined,
): Promise<ObjectList> {
  const items: KubeObject[] = [];
  let next: string | undefined;
  for (;;) {
    const page: Page = await transport.request<Page>({
      method: "GET",
      path: objectPath(resource, namespace),
      query: {
        labelSelector,
        fieldSelector,
        limit: limit === undefined ? undefined : String(limit),
        continue: next,
      },
      accept: metadataOnly === true ? METADATA_LIST : "application/json",
      as,
      signal,
    });
    for (const item of page.items ?? []) items.push(named(item, resource));
    next = page.metadata?.continue || undefined;
    if (next === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? "" };
  }
}

const PARTIAL = "g=meta.k8s.io;v=v1";
export const METADATA_LIST = `application/json;as=PartialObjectMetadataList;${PARTIAL},application/json`;
export const METADATA_ONE = `application/json;as=PartialObjectMetadata;${PARTIAL},application/json`;

/** Items of lists have no apiVersion and kind, and partial ones those of PartialObjectMetadata. */
export function named(object: KubeObject, resource: ResourceKind): KubeObject {
  object.apiVersion = apiVersionOf(resource);
  object.kind = resource.kind;
  return object;
}
