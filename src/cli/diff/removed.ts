/** What the source no longer has: what a prune would delete, and what would hold it. */
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";
import type { Discovery } from "../../cluster/discovery.ts";
import { liveObjectOf } from "../../cluster/live-object.ts";
import type { Objects } from "../../cluster/objects.ts";
import type { Application } from "../../model/application.ts";
import type { LiveObject } from "../../model/live.ts";
import {
  apiVersionOf,
  groupKindKey,
  type ObjectRef,
  type ResourceKind,
  refKey,
} from "../../model/object.ts";
import {
  namespacesAnnotation,
  type Ownership,
  partOfLabel,
  recordedGroupKinds,
} from "../../plan/ownership.ts";
import { guardPrune, isProven, type PruneGuard, pruneCandidates } from "../../plan/prune.ts";
import { terminalMessage } from "../output/message.ts";
import type { ObjectDiff } from "./report.ts";

export interface RemovedContext {
  discovery: Discovery;
  objects: Objects;
  ownership: Ownership;
  guard: PruneGuard;
  approved: string | undefined;
  /** An object that cannot be applied: the controller prunes nothing before that is mended. */
  obstacle: ObjectRef | undefined;
}

export interface Removed {
  diffs: readonly ObjectDiff[];
  notes: readonly string[];
  /** Whether all that the application may own could be seen. */
  complete: boolean;
}

/** @param wanted the keys of all objects that the source has */
export async function removedObjects(
  application: Application,
  wanted: ReadonlySet<string>,
  context: RemovedContext,
): Promise<Removed> {
  const { owned, notes } = await ownedObjects(application, context);
  const complete = notes.length === 0;
  const candidates = pruneCandidates(owned, wanted, context.ownership);
  if (candidates.length === 0) return { diffs: [], notes, complete };
  const verdict = judge(application, candidates, owned, wanted.size, complete, context);
  const diffs = candidates.map((live): ObjectDiff => {
    const about = { ref: live.ref, apiVersion: apiVersionOf(live.resource), fields: [] };
    if (live.deleting) return { ...about, action: "none", note: "it is being deleted" };
    if (live.kept && verdict.action === "prune") {
      return { ...about, action: "leave", note: "helm.sh/resource-policy keeps it: it is let go" };
    }
    return { ...about, ...verdict };
  });
  return { diffs, notes, complete };
}

function judge(
  { spec }: Application,
  candidates: readonly LiveObject[],
  owned: readonly LiveObject[],
  wanted: number,
  complete: boolean,
  { guard, approved, obstacle, ownership }: RemovedContext,
): Pick<ObjectDiff, "action"> & { note?: string } {
  if (!spec.prune) return { action: "leave", note: "spec.prune is false" };
  if (obstacle !== undefined) {
    return { action: "hold", note: `not before ${refKey(obstacle)} can be applied` };
  }
  const proven = owned.filter((live) => isProven(live, ownership));
  const held = guardPrune(candidates, proven, wanted, guard, approved);
  if (held !== undefined) {
    return {
      action: "hold",
      note: `the prune guard would hold it: ${held.reason}; mooring approve lets it go`,
    };
  }
  return complete
    ? { action: "prune" }
    : { action: "prune", note: "unless the guard holds it: not all objects could be seen" };
}

/** Everything with the application's mark, of the kinds and in the namespaces of its record. */
async function ownedObjects(
  application: Application,
  context: RemovedContext,
): Promise<{ owned: LiveObject[]; notes: string[] }> {
  const recorded = application.annotations[namespacesAnnotation] ?? "";
  const namespaces = [application.namespace, ...recorded.split(",")].filter((name) => name !== "");
  const owned: LiveObject[] = [];
  const notes: string[] = [];
  const list = async (resource: ResourceKind, namespace: string | undefined): Promise<void> => {
    try {
      const { items } = await context.objects.list(resource, {
        ...(namespace === undefined ? {} : { namespace }),
        labelSelector: `${partOfLabel}=${context.ownership.id}`,
        metadataOnly: true,
      });
      owned.push(...items.map((item) => liveObjectOf(item, resource, [])));
    } catch (error) {
      // The kind went meanwhile, and its objects with it.
      if (error instanceof ApiError && error.status === 404) return;
      const why = terminalMessage(apiProblem(error)).replace(/\.$/, "");
      notes.push(`what would be pruned of ${groupKindKey(resource)} is not known: ${why}`);
    }
  };
  const lists = recordedGroupKinds(application.annotations).flatMap((gk) => {
    const resource = context.discovery.preferred(gk);
    if (resource !== undefined) {
      const scopes = resource.namespaced ? [...new Set(namespaces)] : [undefined];
      return scopes.map((namespace) => list(resource, namespace));
    }
    if (context.discovery.unknownGroups.includes(gk.group)) {
      notes.push(
        `what would be pruned of ${groupKindKey(gk)} is not known: its API does not answer`,
      );
    }
    return [];
  });
  await Promise.all(lists);
  return { owned, notes };
}
