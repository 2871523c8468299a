/** Gauges of the applications' state: read from their last status when somebody scrapes. */
import type { Registry } from "prom-client";
import type { Application, ApplicationStatus } from "../../model/application.ts";
import { boundText } from "../bound.ts";
import { conditionOf } from "../situation.ts";
import { collected } from "./instruments.ts";

export interface TrackedApplication {
  application: Application;
  status: ApplicationStatus;
}

const maxLabel = 253;
const conditionValue = { True: 1, False: 0, Unknown: -1 };

export function collectApplications(
  registry: Registry,
  tracked: ReadonlyMap<string, TrackedApplication>,
  now: () => Date,
): void {
  collected(registry, "info", (set) => {
    for (const { application } of tracked.values()) {
      const { spec } = application;
      set(
        {
          ...nameOf(application),
          project: spec.project,
          mode: spec.mode,
          repo: repositoryOf(application),
          owner: boundText(spec.owner ?? "", maxLabel),
          runbook: boundText(spec.runbook ?? "", maxLabel),
        },
        1,
      );
    }
  });
  collected(registry, "syncState", (set) => {
    for (const { application, status } of tracked.values())
      set({ ...nameOf(application), state: status.sync ?? "Unknown" }, 1);
  });
  collected(registry, "healthState", (set) => {
    for (const { application, status } of tracked.values())
      set({ ...nameOf(application), state: status.health ?? "Unknown" }, 1);
  });
  collected(registry, "condition", (set) => {
    for (const { application, status } of tracked.values())
      for (const type of ["Ready", "Stalled"] as const) {
        const condition = conditionOf(status, type);
        if (condition !== undefined)
          set(
            { ...nameOf(application), type, reason: condition.reason },
            conditionValue[condition.status],
          );
      }
  });
  collected(registry, "objects", (set) => {
    for (const { application, status } of tracked.values())
      for (const [state, count] of Object.entries(status.objects ?? {}))
        set({ ...nameOf(application), state }, count);
  });
  collected(registry, "driftAge", (set) => {
    for (const { application, status } of tracked.values()) {
      const drifted = conditionOf(status, "Drifted");
      if (drifted?.status !== "True") continue;
      const age = now().getTime() - Date.parse(drifted.lastTransitionTime);
      set(nameOf(application), Math.max(0, age / 1000));
    }
  });
  collected(registry, "heldPrune", (set) => {
    for (const { application, status } of tracked.values())
      if (status.heldPrune !== undefined) set(nameOf(application), status.heldPrune.count);
  });
}

/** `argocd_app_info`, label by label what Argo CD's own controller says. */
export function collectArgocdInfo(
  registry: Registry,
  tracked: ReadonlyMap<string, TrackedApplication>,
): void {
  collected(registry, "argocdInfo", (set) => {
    for (const { application, status } of tracked.values()) {
      const { spec } = application;
      const working = conditionOf(status, "Reconciling")?.status === "True";
      set(
        {
          ...nameOf(application),
          project: spec.project,
          autosync_enabled: String(spec.mode === "enforce" && !spec.suspend),
          repo: repositoryOf(application),
          dest_server: "https://kubernetes.default.svc",
          dest_namespace: spec.destination.namespace ?? application.namespace,
          sync_status: status.sync ?? "Unknown",
          health_status: status.health ?? "Unknown",
          operation: application.deleting ? "delete" : working ? "sync" : "",
        },
        1,
      );
    }
  });
}

function nameOf({ namespace, name }: Application): { namespace: string; name: string } {
  return { namespace, name };
}

function repositoryOf(application: Application): string {
  return boundText(application.spec.source.git.url, maxLabel);
}
