/** An Application as somebody would write it. */
import { annotations } from "../../model/application.ts";
import type { KubeObject, ObjectMeta } from "../../model/object.ts";
import { lastAppliedAnnotation } from "../../status/redaction.ts";

/** Orders that hold once, in this cluster. */
const orders: ReadonlySet<string> = new Set([
  annotations.refresh,
  annotations.approvePrune,
  annotations.rollbackTo,
  annotations.rollbackSkip,
  annotations.rollbackUntil,
]);

/**
 * Without status, and of the metadata only what people give: finalizers and owner references name
 * what only this cluster has.
 */
export function cleaned({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
  const { name, namespace } = metadata;
  const own = {
    labels: kept(metadata.labels, (key) => !key.startsWith(applySet)),
    annotations: kept(
      metadata.annotations,
      (key) => !key.startsWith(applySet) && !orders.has(key) && key !== lastAppliedAnnotation,
    ),
  };
  const clean: ObjectMeta = {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(own.labels === undefined ? {} : { labels: own.labels }),
    ...(own.annotations === undefined ? {} : { annotations: own.annotations }),
  };
  return { apiVersion, kind, metadata: clean, spec };
}

/** Written by the controller: which set this Application is the parent of (KEP-3659). */
const applySet = "applyset.kubernetes.io/";

function kept(
  given: Record<string, string> | undefined,
  keep: (key: string) => boolean,
): Record<string, string> | undefined {
  const entries = Object.entries(given ?? {}).filter(([key]) => keep(key));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
