/** Makes the claims of an object's former writers ours, in one write guarded by resourceVersion. */
import type { LiveObject } from "../model/live.ts";
import { adopt } from "../plan/adoption.ts";
import type { Target } from "../plan/targets.ts";
import type { ApplyContext } from "./context.ts";

/** @throws the API's 409 when the object changed meanwhile: the caller judges it anew. */
export async function takeOverClaims(
  target: Target,
  live: LiveObject,
  context: ApplyContext,
): Promise<LiveObject> {
  const { resource, ref } = target;
  // The live view drops managedFields once they were judged.
  const current =
    live.managedFields === undefined
      ? await context.objects.getMetadata(resource, ref.namespace, ref.name, {
          signal: context.signal,
        })
      : undefined;
  const entries = current?.metadata.managedFields ?? JSON.parse(live.managedFields ?? "[]");
  const merged = adopt(entries, context.ownership.fieldManager, context.disallowedManagers);
  if (merged === undefined) return live;
  const answer = await context.objects.jsonPatch(
    resource,
    ref.namespace,
    ref.name,
    [
      { op: "test", path: "/metadata/uid", value: live.uid },
      { op: "replace", path: "/metadata/managedFields", value: merged },
      {
        op: "replace",
        path: "/metadata/resourceVersion",
        value: current?.metadata.resourceVersion ?? live.resourceVersion,
      },
    ],
    { signal: context.signal, fieldManager: context.ownership.fieldManager },
  );
  return context.learn(answer, resource);
}
