/** What is done to objects, one verb a method, as one identity. */
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { isNotFound } from "./api-error.ts";
import { type ListOptions, listAll, METADATA_ONE, named, type ObjectList } from "./list.ts";
import { objectPath } from "./object-path.ts";
import type { Identity, Transport } from "./transport.ts";

export { objectPath } from "./object-path.ts";

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Of one try, in milliseconds. */
  timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  /** Whose entry in managedFields this writes; without it the apiserver takes `mooring`, from the User-Agent. */
  fieldManager?: string;
  dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string;
  /** Take fields that other managers own. Without it they are a conflict (409). */
  force?: boolean;
  subresource?: string;
}

export interface PatchOptions extends WriteOptions {
  subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  uid: string;
  resourceVersion?: string;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  dryRun?: boolean;
}

/** An operation of a JSON patch (RFC 6902). */
export interface JsonPatchOperation {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  from?: string;
  value?: unknown;
}

/** Every method throws as Transport.request does: ApiError, the signal's reason, or the fence's refusal. */
export class Objects {
  readonly #transport: Transport;
  readonly #as: Identity | undefined;

  constructor(transport: Transport, identity?: Identity) {
    this.#transport = transport;
    this.#as = identity;
  }

  /**
   * Server-side apply (KEP-555). Preconditions are what the object carries in metadata:
   * `resourceVersion: "1"` creates only; `uid` and `resourceVersion` change only that version.
   *
   * `fieldValidation=Strict`, as `kubectl apply --server-side` sends it: server-side apply itself
   * refuses fields that a schema lacks, but a custom resource without a structural schema for a part,
   * or a field dropped by conversion, would else be lost with no more than a warning header.
   */
  apply(resource: ResourceKind, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { namespace, name = "" } = object.metadata;
    return this.#transport.request<KubeObject>({
      method: "PATCH",
      path: withSubresource(objectPath(resource, namespace, name), options.subresource),
      query: {
        ...writeQuery(options),
        fieldValidation: "Strict",
        force: options.force === true ? "true" : undefined,
      },
      // JSON is YAML; the apiserver has no other media type for it.
      contentType: "application/apply-patch+yaml",
      body: object,
      ...this.#call(options),
    });
  }

  create(
    resource: ResourceKind,
    object: KubeObject,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return this.#transport.request<KubeObject>({
      method: "POST",
      path: objectPath(resource, object.metadata.namespace),
      query: { ...writeQuery(options), fieldValidation: "Strict" },
      body: object,
      ...this.#call(options),
    });
  }

  /** undefined only when the apiserver says that this very object does not exist: not for a missing kind. */
  get(
    resource: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: CallOptions = {},
  ): Promise<KubeObject | undefined> {
    return this.#read(resource, objectPath(resource, namespace, name), "application/json", options);
  }

  /** As get(), only the metadata, where the server can. */
  getMetadata(
    resource: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: CallOptions = {},
  ): Promise<KubeObject | undefined> {
    return this.#read(resource, objectPath(resource, namespace, name), METADATA_ONE, options);
  }

  /** Complete, or an error. */
  list(resource: ResourceKind, options: Omit<ListOptions, "as"> = {}): Promise<ObjectList> {
    return listAll(this.#transport, resource, { ...options, as: this.#as });
  }

  jsonPatch(
    resource: ResourceKind,
    namespace: string | undefined,
    name: string,
    operations: readonly JsonPatchOperation[],
    options: PatchOptions = {},
  ): Promise<KubeObject> {
    const path = objectPath(resource, namespace, name);
    return this.#patch(path, "application/json-patch+json", operations, options);
  }

  /** RFC 7386. `metadata.resourceVersion` in the patch is a precondition. */
  mergePatch(
    resource: ResourceKind,
    namespace: string | undefined,
    name: string,
    patch: object,
    options: PatchOptions = {},
  ): Promise<KubeObject> {
    const path = objectPath(resource, namespace, name);
    return this.#patch(path, "application/merge-patch+json", patch, options);
  }

  /**
   * `deleted`: it is no longer there. `deleting`: the apiserver took the request, and finalizers or
   * a grace period hold the object. `gone`: it was not there. Another uid or resourceVersion is a
   * stale error (409, isStale).
   */
  async delete(
    resource: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions,
  ): Promise<"deleted" | "deleting" | "gone"> {
    const { uid, resourceVersion, propagationPolicy = "Background" } = options;
    try {
      const answer = await this.#transport.request<KubeObject>({
        method: "DELETE",
        path: objectPath(resource, namespace, name),
        query: { dryRun: options.dryRun === true ? "All" : undefined },
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy,
          preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        },
        ...this.#call(options),
      });
      // A Status when it went at once; else the object as it was last, marked if something holds it.
      return answer.metadata?.deletionTimestamp === undefined ? "deleted" : "deleting";
    } catch (error) {
      if (isNotFound(error)) return "gone";
      throw error;
    }
  }

  async #read(
    resource: ResourceKind,
    path: string,
    accept: string,
    options: CallOptions,
  ): Promise<KubeObject | undefined> {
    try {
      const object = await this.#transport.request<KubeObject>({
        method: "GET",
        path,
        accept,
        ...this.#call(options),
      });
      return named(object, resource);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #patch(
    path: string,
    contentType: string,
    body: object,
    options: PatchOptions,
  ): Promise<KubeObject> {
    return this.#transport.request<KubeObject>({
      method: "PATCH",
      path: withSubresource(path, options.subresource),
      query: writeQuery(options),
      contentType,
      body,
      ...this.#call(options),
    });
  }

  #call({ signal, timeoutMs }: CallOptions): {
    as: Identity | undefined;
    signal: AbortSignal | undefined;
    timeoutMs?: number;
  } {
    return { as: this.#as, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  }
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Record<string, string | undefined> {
  return { fieldManager, dryRun: dryRun === true ? "All" : undefined };
}

function withSubresource(path: string, subresource: string | undefined): string {
  return subresource === undefined ? path : `${path}/${subresource}`;
}
