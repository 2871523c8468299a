/** Applications, as the caller may read and change them. */
import { ApiError } from "../../cluster/api-error.ts";
import { Objects } from "../../cluster/objects.ts";
import type { Transport } from "../../cluster/transport.ts";
import { type WatchHandler, watchKind } from "../../cluster/watch.ts";
import {
  type Application,
  applicationResource,
  group,
  plural,
  version,
} from "../../model/application.ts";
import type { KubeObject } from "../../model/object.ts";

/** The owner of what the command writes, in managedFields; not one that counts as drift, nor one of the controller's. */
export const fieldManager = "mooring-cli";

export class ApplicationNotFound extends Error {
  constructor(namespace: string, name: string) {
    super(`the cluster has no Application ${namespace}/${name}`);
    this.name = "ApplicationNotFound";
  }
}

export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Every method throws ApiError as the apiserver refuses; Error when the cluster has no such kind. */
export class Applications {
  readonly #transport: Transport;
  readonly #objects: Objects;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#objects = new Objects(transport);
  }

  /** @throws ApplicationNotFound */
  async get(namespace: string, name: string): Promise<KubeObject> {
    const found = await this.#objects.get(applicationResource, namespace, name).catch(explained);
    if (found === undefined) throw new ApplicationNotFound(namespace, name);
    return found;
  }

  /** As the pipeline works with it. @throws ApplicationNotFound; Problem InvalidSpec */
  async parsed(namespace: string, name: string): Promise<Application> {
    const { parseApplication } = await import("../../dialect/mooring/application.ts");
    const outcome = parseApplication(await this.get(namespace, name));
    if (!outcome.ok) throw outcome.problem;
    return outcome.application;
  }

  /** By namespace and name. */
  async list(selection: Selection): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    const list = await this.#objects.list(applicationResource, selection).catch(explained);
    return { ...list, items: list.items.sort(byName) };
  }

  /**
   * Until the signal; a broken connection is taken up again. That the caller may list at all should
   * have been seen before: what is refused is tried again, too.
   */
  watch(selection: Selection, handler: WatchHandler, signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector } = selection;
    return watchKind({
      transport: this.#transport,
      resource: applicationResource,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      metadataOnly: false,
      handler,
      signal,
    });
  }

  /**
   * A merge patch (RFC 7386); null removes, and `metadata.resourceVersion` in it is a precondition.
   * @throws ApplicationNotFound
   */
  async patch(
    namespace: string,
    name: string,
    patch: object,
    options: { dryRun?: boolean | undefined } = {},
  ): Promise<KubeObject> {
    try {
      return await this.#objects.mergePatch(applicationResource, namespace, name, patch, {
        fieldManager,
        dryRun: options.dryRun === true,
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && error.details?.name === name)
        throw new ApplicationNotFound(namespace, name);
      return explained(error);
    }
  }
}

/** A 404 for a collection is one for its kind. */
function explained(error: unknown): never {
  if (error instanceof ApiError && error.status === 404)
    throw new Error(
      `the cluster has no Applications: the CRD ${plural}.${group} is not installed, or not in version ${version}`,
      { cause: error },
    );
  throw error;
}

function byName(a: KubeObject, b: KubeObject): number {
  const [first, second] = [a, b].map(({ metadata }) => [
    metadata.namespace ?? "",
    metadata.name ?? "",
  ]) as [string[], string[]];
  return compare(first[0] ?? "", second[0] ?? "") || compare(first[1] ?? "", second[1] ?? "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
