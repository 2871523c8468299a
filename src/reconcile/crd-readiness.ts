/** Waits until CRDs that were just applied serve their kinds. */
import type { Discovery } from "../cluster/discovery.ts";
import type { LiveStore } from "../cluster/live-store.ts";
import type { Target } from "../plan/targets.ts";

export const crdKind = { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition" } as const;

/**
 * Established is read from the watch; then discovery is asked anew until it knows the kinds.
 * Returns after `deadlineMs` at the latest: what is still unknown stays deferred.
 */
export async function crdsEstablished(
  crds: readonly Target[],
  live: LiveStore,
  discovery: Discovery,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  let pause = 20;
  while (!deadline.aborted) {
    if (crds.every((crd) => live.get(crd.ref)?.health.state === "Healthy")) {
      await discovery.refresh(signal);
      if (crds.every((crd) => isServed(crd, discovery))) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 500);
  }
}

function isServed(crd: Target, discovery: Discovery): boolean {
  const spec = crd.object.spec as
    | {
        group?: string;
        names?: { kind?: string };
        versions?: { name?: string; served?: boolean }[];
      }
    | undefined;
  return (spec?.versions ?? [])
    .filter((version) => version.served !== false)
    .every(
      (version) =>
        discovery.find(`${spec?.group}/${version.name}`, spec?.names?.kind ?? "") !== undefined,
    );
}
