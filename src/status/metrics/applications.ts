/** Gauges of the applications' state: read from their last status when somebody scrapes. */
import type { Registry } from "prom-client";
import type { Application, ApplicationStatus } from "../../model/application.ts";
import { boundText } from "../bound.ts";
import { conditionOf } from "../situation.ts";
import { collected } from "./instruments.ts";

export interface TrackedApplication {
  application: Application;
  status: ApplicationStatus;
  labels: ApplicationLabels;
}

/** What labels say of an application's spec: made once, not at each scrape. */
interface ApplicationLabels {
  name: { namespace: string; name: string };
  repo: string;
  owner: string;
  runbook: string;
}

export function labelsOf({ namespace, name, spec }: Application): ApplicationLabels {
  return {
    name: { namespace, name },
    repo: boundText(spec.source.git.url, maxLabel),
    owner: boundText(spec.owner ?? "", maxLabel),
    runbook: boundText(spec.runbook ?? "", maxLabel),
  };
}

const maxLabel = 253;
const conditionValue = { True: 1, False: 0, Unknown: -1 };

export function collectApplications(
  registry: Registry,
  tracked: ReadonlyMap<string, TrackedApplication>,
  now: () => Date,
): void {
  collected(registry, "info", (set) => {
    for (const { application, labels } of tracked.values()) {
      const { spec } = application;
      set(
        {
          ...labels.name,
          project: spec.project,
          mode: spec.mode,
          repo: labels.repo,
          owner: labels.owner,
          runbook: labels.runbook,
        },
        1,
      );
    }
  });
  collected(registry, "syncState", (set) => {
    for (const { labels, status } of tracked.values())
      set({ ...labels.name, state: status.sync ?? "Unknown" }, 1);
  });
  collected(registry, "healthState", (set) => {
    for (const { labels, status } of tracked.values())
      set({ ...labels.name, state: status.health ?? "Unknown" }, 1);
  });
  collected(registry, "condition", (set) => {
    for (const { labels, status } of tracked.values())
      for (const type of ["Ready", "Stalled"] as const) {
        const condition = conditionOf(status, type);
        if (condition !== undefined)
          set({ ...labels.name, type, reason: condition.reason }, conditionValue[condition.status]);
      }
  });
  collected(registry, "objects", (set) => {
    for (const { labels, status } of tracked.values())
      for (const [state, count] of Object.entries(status.objects ?? {}))
        if (count !== undefined) set({ ...labels.name, state }, count);
  });
  collected(registry, "driftAge", (set) => {
    for (const { labels, status } of tracked.values()) {
      const drifted = conditionOf(status, "Drifted");
      if (drifted?.status !== "True") continue;
      const age = now().getTime() - Date.parse(drifted.lastTransitionTime);
      set(labels.name, Math.max(0, age / 1000));
    }
  });
  collected(registry, "heldPrune", (set) => {
    for (const { labels, status } of tracked.values())
      if (status.heldPrune !== undefined) set(labels.name, status.heldPrune.count);
  });
}

/** `argocd_app_info`, label by label what Argo CD's own controller says. */
export function collectArgocdInfo(
  registry: Registry,
  tracked: ReadonlyMap<string, TrackedApplication>,
): void {
  collected(registry, "argocdInfo", (set) => {
    for (const { application, labels, status } of tracked.values()) {
      const { spec } = application;
      const working = conditionOf(status, "Reconciling")?.status === "True";
      set(
        {
          ...labels.name,
          project: spec.project,
          autosync_enabled: String(spec.mode === "enforce" && !spec.suspend),
          repo: labels.repo,
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
