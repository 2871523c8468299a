/** Kubernetes objects, as every stage speaks of them. */

/** One writer's claim on fields, as kube-apiserver keeps it (KEP-555). */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldsV1;
  subresource?: string;
}

/** A set of fields: `f:name`, `k:{"name":"x"}`, `v:value`, and `.` for the parent itself. */
export interface FieldsV1 {
  [key: string]: FieldsV1;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface ObjectMeta {
  name?: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any object of the Kubernetes API; also `PartialObjectMetadata`, which has no other fields. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface GroupKind {
  /** Empty for the core group. */
  group: string;
  kind: string;
}

/** Names one object in one cluster, whatever version of the API it is written in. */
export interface ObjectRef extends GroupKind {
  /** Absent for cluster-scoped objects. */
  namespace?: string;
  name: string;
}

/** What discovery says of a kind: enough to build its URLs. */
export interface ResourceKind extends GroupKind {
  version: string;
  /** The plural in URLs, e.g. `deployments`. */
  resource: string;
  namespaced: boolean;
  verbs: readonly string[];
}

/** The group of an `apiVersion`: `apps/v1` -> `apps`, `v1` -> ``. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** The version of an `apiVersion`: `apps/v1` -> `v1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

export function apiVersionOf(kind: { group: string; version: string }): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

/** A map key for a group and kind, in the ApplySet notation of KEP-3659: `Deployment.apps`, `ConfigMap`. */
export function groupKindKey(gk: GroupKind): string {
  return gk.group === "" ? gk.kind : `${gk.kind}.${gk.group}`;
}

/** Inverse of {@link groupKindKey}. */
export function parseGroupKind(key: string): GroupKind {
  const dot = key.indexOf(".");
  return dot < 0
    ? { group: "", kind: key }
    : { group: key.slice(dot + 1), kind: key.slice(0, dot) };
}

/** A map key for one object; also how messages name it: `Deployment.apps shop/web`, `Namespace shop`. */
export function refKey(ref: ObjectRef): string {
  return `${groupKindKey(ref)} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

export function refOf(object: KubeObject): ObjectRef {
  const { name = "", namespace } = object.metadata;
  const gk = { group: groupOf(object.apiVersion), kind: object.kind };
  return namespace === undefined ? { ...gk, name } : { ...gk, namespace, name };
}
