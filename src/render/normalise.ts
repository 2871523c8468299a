/**
 * One object as it is hashed, applied and compared. Pure. Never changes what an object means:
 * what is dropped is what the server sets or ignores, what is rewritten is what it rewrites.
 *
 * Empty lists and null stay as they are written: `default: []` in a CRD's schema, `ingress: []`,
 * null in a custom resource with a nullable field all mean something (contract test
 * test/contract/render/empty-values.test.ts). Whoever compares with managedFields must take an
 * empty list or null for "nothing to be seen there".
 */
import type { KubeObject, ObjectMeta } from "../model/object.ts";

/** Set by the server on every object; a manifest that has them was copied from a cluster. */
const serverSet = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "managedFields",
] as const;

/** kubectl's own book-keeping: a copy of the object, secrets included. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** What makes an object one that cannot be normalised; never quotes a value. */
export class NormaliseError extends Error {}

/** @throws NormaliseError for a Secret whose stringData holds something other than strings */
export function normalise(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const result: KubeObject = { ...rest, metadata: normaliseMetadata(object.metadata) };
  return result.apiVersion === "v1" && result.kind === "Secret" ? normaliseSecret(result) : result;
}

function normaliseMetadata(metadata: ObjectMeta): ObjectMeta {
  const result: Record<string, unknown> = { ...metadata };
  for (const field of serverSet) delete result[field];
  // Absent, null and empty all mean: none. (An empty list here never comes back in managedFields.)
  for (const field of ["namespace", "labels", "annotations", "finalizers", "ownerReferences"]) {
    const value = result[field];
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) {
      delete result[field];
    }
  }
  if (metadata.annotations && Object.hasOwn(metadata.annotations, lastApplied)) {
    const { [lastApplied]: _, ...annotations } = metadata.annotations;
    if (Object.keys(annotations).length === 0) delete result.annotations;
    else result.annotations = annotations;
  }
  return result as ObjectMeta;
}

/**
 * `stringData` is written over `data` by the server and never read back: left as it is, our entry
 * in managedFields claims a field that no object has.
 */
function normaliseSecret(secret: KubeObject): KubeObject {
  if (!("stringData" in secret)) return secret;
  const { stringData, ...rest } = secret;
  if (stringData === null || stringData === undefined) return rest as KubeObject;
  if (typeof stringData !== "object" || Array.isArray(stringData)) {
    throw new NormaliseError("stringData must be a map");
  }
  const data: Record<string, unknown> = { ...(rest.data as Record<string, unknown> | null) };
  for (const [key, value] of Object.entries(stringData)) {
    if (typeof value !== "string") {
      throw new NormaliseError(`stringData.${key} must be a string: put it in quotes`);
    }
    data[key] = Buffer.from(value).toString("base64");
  }
  return { ...rest, data } as KubeObject;
}
