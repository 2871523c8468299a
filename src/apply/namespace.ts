/** `destination.createNamespace`: creates what is missing, owns nothing, is never pruned. */
import { ApiError } from "../cluster/api-error.ts";
import type { ResourceKind } from "../model/object.ts";
import type { ObjectReport } from "../model/report.ts";
import { type ApplyContext, failed } from "./context.ts";

const namespaces: ResourceKind = {
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  namespaced: false,
  verbs: ["create"],
};

/** As the application's ServiceAccount. A namespace that is there already is a success. */
export async function ensureNamespace(name: string, context: ApplyContext): Promise<ObjectReport> {
  const ref = { group: "", kind: "Namespace", name };
  try {
    await context.objects.create(
      namespaces,
      { apiVersion: "v1", kind: "Namespace", metadata: { name } },
      { signal: context.signal },
    );
    return { ref, outcome: "created" };
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return { ref, outcome: "unchanged" };
    return failed({ ref }, error, context);
  }
}
