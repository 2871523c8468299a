/** Who else writes an Application, and would put back what is changed by hand. */
import type { KubeObject } from "../../model/object.ts";
import { foreignOwnerOf, ownershipOf, partOfLabel } from "../../plan/ownership.ts";
import type { Applications } from "../access/applications.ts";

/** Those that do not use server-side apply, or need not. */
const updaters = /^(argocd|kustomize-controller|helm)/i;

/** In words; undefined when nobody keeps it from Git. */
export async function keeperOf(
  object: KubeObject,
  applications: Pick<Applications, "list">,
): Promise<string | undefined> {
  const set = object.metadata.labels?.[partOfLabel];
  if (set === undefined) return foreignOwnerOf(object);
  try {
    const parent = (await applications.list({})).items.find(({ metadata }) => {
      const { namespace = "", name = "" } = metadata;
      return ownershipOf({ namespace, name }).id === set;
    });
    if (parent !== undefined) {
      return `the Application ${parent.metadata.namespace}/${parent.metadata.name}`;
    }
  } catch {
    // Who may not see all Applications is told that there is one.
  }
  return "another Application";
}

/** Does whoever applies the Application set a field of its spec? Then a change of it does not last. */
export function isApplied(object: KubeObject, field: string): boolean {
  return (object.metadata.managedFields ?? []).some(
    ({ manager = "", operation, subresource, fieldsV1 }) =>
      (operation === "Apply" || updaters.test(manager)) &&
      (subresource ?? "") === "" &&
      fieldsV1?.["f:spec"]?.[`f:${field}`] !== undefined,
  );
}
