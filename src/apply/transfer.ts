/** An object changes its application: label and claim at once, in one guarded write; nothing is deleted. */
import { isStale } from "../cluster/api-error.ts";
import { apiProblem } from "../cluster/api-problem.ts";
import type { LiveObject } from "../model/live.ts";
import { type ObjectMeta, refKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import { isOurs } from "../plan/drift.ts";
import { partOfLabel } from "../plan/ownership.ts";
import { pointerToken } from "../plan/pointer.ts";
import type { ApplyContext } from "./context.ts";

const attempts = 4;

/**
 * May this application write the object? Asked by a dry-run as its ServiceAccount: an application
 * gets nothing by wanting it (invariant 15). Whatever is not a refusal counts as yes.
 */
export async function mayTake(live: LiveObject, to: ApplyContext): Promise<boolean> {
  const { ref, resource, uid } = live;
  const nothing = [{ op: "test" as const, path: "/metadata/uid", value: uid }];
  try {
    await to.objects.jsonPatch(resource, ref.namespace, ref.name, nothing, {
      signal: to.signal,
      fieldManager: to.ownership.fieldManager,
      dryRun: true,
    });
    return true;
  } catch (error) {
    return apiProblem(error).code !== "Forbidden";
  }
}

/**
 * Our claim becomes the other application's, so that a field which it does not want goes with its
 * next apply. Written as the new owner, by its rights.
 * @throws Problem OwnedByOther when the object is not ours to give away any more; ApiError
 */
export async function transfer(
  live: LiveObject,
  to: ApplyContext,
  context: ApplyContext,
): Promise<void> {
  const { ref, resource } = live;
  const { ownership, signal } = context;
  for (let attempt = 1; ; attempt++) {
    const current = await context.objects.getMetadata(resource, ref.namespace, ref.name, {
      signal,
    });
    const metadata: ObjectMeta = current?.metadata ?? {};
    if (metadata.uid !== live.uid || metadata.labels?.[partOfLabel] !== ownership.id)
      throw new Problem("OwnedByOther", "it changed hands while it was about to be handed over", {
        object: ref,
      });
    const managedFields = (metadata.managedFields ?? []).map((entry) =>
      isOurs(entry, ownership.fieldManager)
        ? { ...entry, manager: to.ownership.fieldManager }
        : entry,
    );
    try {
      const answer = await to.objects.jsonPatch(
        resource,
        ref.namespace,
        ref.name,
        [
          { op: "test", path: "/metadata/uid", value: live.uid },
          { op: "replace", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
          {
            op: "replace",
            path: `/metadata/labels/${pointerToken(partOfLabel)}`,
            value: to.ownership.id,
          },
          { op: "replace", path: "/metadata/managedFields", value: managedFields },
        ],
        { signal, fieldManager: to.ownership.fieldManager },
      );
      context.learn(answer, resource);
      return;
    } catch (error) {
      if (!isStale(error) || attempt === attempts)
        throw new Problem("ApplyConflict", `${refKey(ref)} could not be handed over`, {
          cause: error,
        });
    }
  }
}
