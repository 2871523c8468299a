/**
 * What the controller may not look at: another namespace than it watches, a kind that it may not
 * list. Deployed nevertheless, such an object could be neither healed nor pruned, and nobody would
 * be told.
 */
import { groupKindKey, type ObjectRef, type ResourceKind } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { Target } from "../plan/targets.ts";
import type { Environment } from "./environment.ts";

type Seen = Pick<Target, "ref" | "resource" | "origin">;

/** @returns why the object waits; undefined when it can be followed */
export function outOfSight(
  { ref, resource, origin }: Seen,
  env: Pick<Environment, "config" | "live">,
): Problem | undefined {
  const why = obstacle(ref, resource, env);
  return why === undefined ? undefined : new Problem("LiveUnknown", why, { object: ref, origin });
}

function obstacle(
  ref: ObjectRef,
  resource: ResourceKind,
  { config, live }: Pick<Environment, "config" | "live">,
): string | undefined {
  const { watchNamespaces } = config;
  if (
    ref.namespace !== undefined &&
    watchNamespaces.length > 0 &&
    !watchNamespaces.includes(ref.namespace)
  )
    return `not applied: namespace ${ref.namespace} is not one of --watch-namespaces, so drift would not be seen`;
  const knowledge = live.knowledge(resource);
  if (knowledge.state === "unknown" && knowledge.forbidden === true)
    return `not applied: Mooring itself may not list and watch ${groupKindKey(resource)}, so drift would not be seen (${knowledge.why})`;
  return undefined;
}
