/** What holds for every kind, before its own rule is asked. */
import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, conditionsOf, integerAt, listAt, wordsOf } from "./reading.ts";
import { degraded, progressing } from "./verdict.ts";

/**
 * Deletion, a generation that the object's controller has not seen yet, and kstatus' own two
 * conditions, which say everything where a controller sets them.
 *
 * @returns undefined when the kind's own rule decides
 */
export function generalHealth(object: KubeObject): Health | undefined {
  if (typeof object.metadata.deletionTimestamp === "string") return deletion(object);
  const { generation } = object.metadata;
  const observed = integerAt(object, "status", "observedGeneration");
  if (generation !== undefined && observed !== undefined && observed < generation)
    return unseen(object);
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True") return degraded(wordsOf(stalled));
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return progressing(wordsOf(reconciling));
  return undefined;
}

/**
 * For kinds whose controller always writes `status.observedGeneration`: without it, the status
 * says nothing yet. @returns undefined when there is one
 */
export function unobserved(object: KubeObject): Health | undefined {
  return integerAt(object, "status", "observedGeneration") === undefined
    ? unseen(object)
    : undefined;
}

function unseen({ kind, metadata }: KubeObject): Health {
  return progressing(
    `generation ${metadata.generation ?? 1} is not yet seen by the controller of ${kind} objects`,
  );
}

/** While a Namespace goes away, conditions such as NamespaceContentRemaining tell what is left. */
function deletion(object: KubeObject): Health {
  const finalizers = listAt(object, "metadata", "finalizers").filter(
    (finalizer) => typeof finalizer === "string",
  );
  const remaining =
    object.kind === "Namespace"
      ? conditionsOf(object).filter((condition) => condition.status === "True")
      : [];
  return progressing(
    finalizers.length === 0
      ? "being deleted"
      : `being deleted, held by finalizer ${finalizers.join(", ")}`,
    ...remaining.map(wordsOf),
  );
}
