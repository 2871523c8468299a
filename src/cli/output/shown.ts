import type { KubeObject } from "../../model/object.ts";

/** As kubectl shows an object: without who manages which field, and what it is comes first. */
export function shownOf({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject {
  const { managedFields: _, ...shown } = metadata;
  return { apiVersion, kind, metadata: shown, ...rest };
}
