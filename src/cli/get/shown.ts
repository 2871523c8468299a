import type { KubeObject } from "../../model/object.ts";

/** As kubectl shows an object: without who manages which field. */
export function shownOf(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
