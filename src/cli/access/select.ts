/** The Applications that a command line means: those that it names, or those of a place and with labels. */

import type { KubeObject } from "../../model/object.ts";
import { UsageError } from "../usage.ts";
import { ApplicationNotFound, type Selection } from "./applications.ts";
import type { Cluster } from "./cluster.ts";
import type { ListFlags } from "./flags.ts";
import { type Named, named } from "./names.ts";

export interface SelectFlags extends ListFlags {
  selector?: string;
}

export interface Selected {
  /** Empty when none was named. */
  readonly wanted: readonly Named[];
  readonly selection: Selection;
  /** Named ones in their order, others by namespace and name. */
  readonly items: readonly KubeObject[];
  readonly missing: readonly ApplicationNotFound[];
}

/** @throws UsageError for names together with flags that select; ApiError */
export async function selected(
  cluster: Cluster,
  names: readonly string[],
  { selector, allNamespaces }: SelectFlags,
): Promise<Selected> {
  if (names.length > 0 && (selector !== undefined || allNamespaces))
    throw new UsageError("give names, or --selector and --all-namespaces: not both");
  const wanted = names.map((name) => named(name, cluster.namespace));
  const selection = {
    namespace: allNamespaces ? undefined : cluster.namespace,
    labelSelector: selector,
  };
  if (wanted.length === 0) {
    const { items } = await cluster.applications.list(selection);
    return { wanted, selection, items, missing: [] };
  }
  const answers = await Promise.all(
    wanted.map(({ namespace, name }) =>
      cluster.applications.get(namespace, name).catch((error: unknown) => {
        if (error instanceof ApplicationNotFound) return error;
        throw error;
      }),
    ),
  );
  return {
    wanted,
    selection,
    items: answers.filter((one) => !(one instanceof ApplicationNotFound)) as KubeObject[],
    missing: answers.filter((one) => one instanceof ApplicationNotFound),
  };
}

/** For when nothing is selected, and that is no failure. */
export function nothingIn({ namespace }: Selection): string {
  return namespace === undefined
    ? "No Applications found."
    : `No Applications found in namespace ${namespace}.`;
}
