/**
 * Hands ignored fields over before they are left out of our apply: leaving a field out removes
 * or resets it unless somebody else claims it too.
 */
import type { LiveObject } from "../model/live.ts";
import type { ManagedFieldsEntry } from "../model/object.ts";
import { isOurs } from "../plan/drift.ts";
import { claims } from "../plan/fields.ts";
import { handOverBody } from "../plan/ignore.ts";
import { ignoredManager } from "../plan/ownership.ts";
import type { Target } from "../plan/targets.ts";
import type { ApplyContext } from "./context.ts";

/** @returns the object as it is afterwards; the same when nothing of it was ours to hand over. */
export async function handOver(
  target: Target,
  live: LiveObject,
  context: ApplyContext,
): Promise<LiveObject> {
  const { resource, ref } = target;
  const current = await context.objects.get(resource, ref.namespace, ref.name, {
    signal: context.signal,
  });
  if (current === undefined || current.metadata.uid !== live.uid) return live;
  const entries: readonly ManagedFieldsEntry[] = current.metadata.managedFields ?? [];
  const ours = entries.find((entry) => isOurs(entry, context.ownership.fieldManager))?.fieldsV1;
  const held =
    ours === undefined ? [] : target.ignored.filter((path) => claims(ours, target.initial, path));
  if (ours === undefined || held.length === 0) return context.learn(current, resource);
  const body = handOverBody(current, target.initial, held, ours);
  const answer = await context.objects.apply(
    resource,
    {
      ...body,
      metadata: {
        ...body.metadata,
        uid: live.uid,
        resourceVersion: current.metadata.resourceVersion ?? live.resourceVersion,
      },
    },
    // No force: the value is the live one, so sharing it conflicts with nobody.
    { fieldManager: ignoredManager, force: false, signal: context.signal },
  );
  return context.learn(answer, resource);
}
