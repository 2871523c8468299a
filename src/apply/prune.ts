/** Deletes or releases objects that were proven ours; each request guarded by uid and resourceVersion. */
import { isStale } from "../cluster/api-error.ts";
import type { JsonPatchOperation } from "../cluster/objects.ts";
import { annotations } from "../model/application.ts";
import type { LiveObject } from "../model/live.ts";
import { groupKindKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { ObjectReport } from "../model/report.ts";
import { isOurs } from "../plan/drift.ts";
import { ignoredManager, partOfLabel } from "../plan/ownership.ts";
import { pointerToken } from "../plan/pointer.ts";
import { isProven } from "../plan/prune.ts";
import { type ApplyContext, failed, inParallel } from "./context.ts";

const attempts = 4;
/** Others live in these or are made of these: they go last. */
const last = new Set(["Namespace", "CustomResourceDefinition.apiextensions.k8s.io"]);

/** What its chart wants kept (`helm.sh/resource-policy: keep`) is let go instead, as Helm does: outcome `orphaned`. */
export async function prune(
  candidates: readonly LiveObject[],
  context: ApplyContext,
): Promise<ObjectReport[]> {
  const isLast = (live: LiveObject) => last.has(groupKindKey(live.ref));
  const reports: ObjectReport[] = [];
  for (const stage of [candidates.filter((live) => !isLast(live)), candidates.filter(isLast)])
    reports.push(...(await each(stage, context, (live) => remove(live, context))));
  return reports;
}

/** Leaves the objects in the cluster, without our marks and claims. */
export function orphan(
  owned: readonly LiveObject[],
  context: ApplyContext,
): Promise<ObjectReport[]> {
  return each(owned, context, (live) => release(live, context));
}

function each(
  objects: readonly LiveObject[],
  context: ApplyContext,
  work: (live: LiveObject) => Promise<ObjectReport>,
): Promise<ObjectReport[]> {
  return inParallel(
    objects,
    context,
    (live) => work(live).catch((error: unknown) => failed(live, error, context)),
    (live) => ({ ref: live.ref, outcome: "not-attempted" }),
  );
}

async function remove(candidate: LiveObject, context: ApplyContext): Promise<ObjectReport> {
  const { ref, resource } = candidate;
  let live = candidate;
  for (let attempt = 1; ; attempt++) {
    if (live.deleting) return { ref, outcome: "pruning", health: live.health };
    if (live.kept) return await release(live, context);
    try {
      const result = await context.objects.delete(resource, ref.namespace, ref.name, {
        uid: live.uid,
        resourceVersion: live.resourceVersion,
        propagationPolicy: "Background",
        signal: context.signal,
      });
      if (result === "deleting")
        return {
          ref,
          outcome: "pruning",
          health: { state: "Progressing", message: "being deleted" },
        };
      context.forget(live);
      return { ref, outcome: "pruned" };
    } catch (error) {
      if (!isStale(error) || attempt === attempts) throw error;
      const proven = await reprove(live, context);
      if (proven === undefined) return { ref, outcome: "pruned" };
      live = proven;
    }
  }
}

/** Reads the object again; undefined when it is gone. @throws Problem when it is no longer ours to delete. */
async function reprove(live: LiveObject, context: ApplyContext): Promise<LiveObject | undefined> {
  const { ref, resource, uid } = live;
  const current = await context.objects.getMetadata(resource, ref.namespace, ref.name, {
    signal: context.signal,
  });
  if (current === undefined) {
    context.forget(live);
    return undefined;
  }
  const fresh = context.learn(current, resource);
  if (fresh.uid !== uid || !isProven(fresh, context.ownership))
    throw new Problem(
      "OwnedByOther",
      "it changed hands while it was about to be pruned, and is left alone",
      { object: ref },
    );
  return fresh;
}

async function release(live: LiveObject, context: ApplyContext): Promise<ObjectReport> {
  const { ref, resource } = live;
  for (let attempt = 1; ; attempt++) {
    const current = await context.objects.getMetadata(resource, ref.namespace, ref.name, {
      signal: context.signal,
    });
    if (current === undefined || current.metadata.uid !== live.uid)
      return { ref, outcome: "orphaned" };
    const meta = current.metadata;
    const keep = (meta.managedFields ?? []).filter(
      (entry) => !isOurs(entry, context.ownership.fieldManager) && entry.manager !== ignoredManager,
    );
    const operations: JsonPatchOperation[] = [
      { op: "test", path: "/metadata/uid", value: live.uid },
      { op: "replace", path: "/metadata/resourceVersion", value: meta.resourceVersion },
      { op: "replace", path: "/metadata/managedFields", value: keep.length > 0 ? keep : [{}] },
      ...(meta.labels?.[partOfLabel] === undefined
        ? []
        : [{ op: "remove" as const, path: `/metadata/labels/${pointerToken(partOfLabel)}` }]),
      ...(meta.annotations?.[annotations.appliedHash] === undefined
        ? []
        : [
            {
              op: "remove" as const,
              path: `/metadata/annotations/${pointerToken(annotations.appliedHash)}`,
            },
          ]),
    ];
    try {
      await context.objects.jsonPatch(resource, ref.namespace, ref.name, operations, {
        signal: context.signal,
        fieldManager: "mooring-orphan",
      });
      context.forget(live);
      return { ref, outcome: "orphaned" };
    } catch (error) {
      if (!isStale(error) || attempt === attempts) throw error;
    }
  }
}
