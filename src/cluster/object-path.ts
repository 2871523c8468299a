import type { ResourceKind } from "../model/object.ts";
import { Problem } from "../model/problem.ts";

/**
 * The path of a collection, or of one object. Cluster-scoped kinds ignore `namespace`; a namespaced
 * kind without one is the collection over all namespaces.
 *
 * @throws Problem InvalidManifest for a name that is no path segment. The apiserver decodes the path
 *   before it splits it, so `web%2Fstatus` would be another resource, and `..` another object
 *   (the rule is k8s.io/apimachinery/pkg/api/validation/path).
 */
export function objectPath(
  resource: ResourceKind,
  namespace: string | undefined,
  name?: string,
): string {
  const root =
    resource.group === ""
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : "";
  if (name === undefined) return `${root}${scope}/${resource.resource}`;
  if (resource.namespaced && namespace === undefined)
    throw new Problem("InvalidManifest", `${resource.kind} ${name} has no namespace`);
  return `${root}${scope}/${resource.resource}/${segment(name)}`;
}

function segment(name: string): string {
  if (name === "" || name === "." || name === ".." || /[/%]/.test(name))
    throw new Problem("InvalidManifest", `${JSON.stringify(name)} cannot be a name`);
  return encodeURIComponent(name);
}
