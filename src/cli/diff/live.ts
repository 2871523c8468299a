/** The live objects that a render is about, as the caller may read them. */
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";
import type { Discovery } from "../../cluster/discovery.ts";
import { liveObjectOf } from "../../cluster/live-object.ts";
import type { Objects } from "../../cluster/objects.ts";
import type { RenderedObject } from "../../model/desired.ts";
import type { LiveObject } from "../../model/live.ts";
import { type KubeObject, refKey, refOf } from "../../model/object.ts";
import type { Problem } from "../../model/problem.ts";
import { inNamespace } from "../../plan/targets.ts";

export type Live =
  | { state: "there"; object: KubeObject; view: LiveObject }
  /** The object, its namespace or its kind. */
  | { state: "absent" }
  | { state: "unknown"; problem: Problem };

/** One GET for each object, by its key; objects of kinds that the cluster does not have are left out. */
export async function readLive(
  rendered: readonly RenderedObject[],
  o: {
    discovery: Pick<Discovery, "find">;
    objects: Objects;
    defaultNamespace: string;
    disallowedManagers: readonly string[];
  },
): Promise<Map<string, Live>> {
  const found = new Map<string, Live>();
  const read = async ({ object, origin }: RenderedObject): Promise<void> => {
    const resource = o.discovery.find(object.apiVersion, object.kind);
    if (resource === undefined || object.metadata.name === undefined) return;
    const ref = refOf(inNamespace(object, resource, o.defaultNamespace));
    const key = refKey(ref);
    if (found.has(key)) return;
    found.set(key, { state: "absent" });
    try {
      const live = await o.objects.get(resource, ref.namespace, ref.name);
      if (live === undefined) return;
      const view = liveObjectOf(live, resource, o.disallowedManagers);
      found.set(key, { state: "there", object: live, view });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return;
      found.set(key, { state: "unknown", problem: apiProblem(error, { object: ref, origin }) });
    }
  };
  await Promise.all(rendered.map(read));
  return found;
}
