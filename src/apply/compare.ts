/** Asks the apiserver what an apply would change, and changes nothing. */
import { ApiError } from "../cluster/api-error.ts";
import type { LiveObject } from "../model/live.ts";
import type { ObjectReport } from "../model/report.ts";
import { differingPaths, toldPaths } from "../plan/difference.ts";
import { holderOf } from "../plan/drift.ts";
import { type Target, withoutMarks } from "../plan/targets.ts";
import type { ApplyContext } from "./context.ts";

export type Comparison =
  | { state: "same"; report: ObjectReport }
  | {
      state: "different";
      fields: string[];
      /** Who holds these fields now, where somebody does. */
      manager?: string | undefined;
      live: LiveObject | undefined;
    };

const mostFields = 20;

/**
 * @param marked whether our label and hash take part: not in observe and warn, which own nothing.
 * A 404 means that the object, its namespace or its kind is not there: it would be created.
 */
export async function compare(
  target: Target,
  marked: boolean,
  context: ApplyContext,
): Promise<Comparison> {
  const { resource, ref } = target;
  const { signal } = context;
  const live = await context.objects.get(resource, ref.namespace, ref.name, { signal });
  const wanted = marked ? target.object : withoutMarks(target.object);
  try {
    const answer = await context.objects.apply(resource, wanted, {
      fieldManager: context.ownership.fieldManager,
      force: true,
      dryRun: true,
      signal,
    });
    if (live === undefined) return { state: "different", fields: [], live: undefined };
    const paths = differingPaths(live, answer, mostFields);
    const seen = context.view(live, resource);
    if (paths.length > 0) {
      const manager = holderOf(live, paths, context.ownership.fieldManager);
      return { state: "different", fields: toldPaths(paths), manager, live: seen };
    }
    return { state: "same", report: { ref, outcome: "unchanged", health: seen.health } };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404)
      return { state: "different", fields: [], live: undefined };
    throw error;
  }
}
