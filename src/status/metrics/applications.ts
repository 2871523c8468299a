/** Gauges of the applications' state: read from their last status when somebody scrapes. */
import type { Registry } from "prom-client";
import type { Application, ApplicationStatus } from "../../model/application.ts";
import { boundText } from "../bound.ts";
import { conditionOf } from "../situation.ts";
import { codeIn, isCode } from "../transitions.ts";
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

/** @param shown those of which this replica has to tell, as they are when it is asked */
export function collectApplications(
  registry: Registry,
  shown: () => Iterable<TrackedApplication>,
  now: () => Date,
): void {
  collected(registry, "info", (set) => {
    for (const { application, labels } of shown()) {
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
    for (const { labels, status } of shown())
      set({ ...labels.name, state: status.sync ?? "Unknown" }, 1);
  });
  collected(registry, "healthState", (set) => {
    for (const { labels, status } of shown())
      set({ ...labels.name, state: status.health ?? "Unknown" }, 1);
  });
  collected(registry, "condition", (set) => {
    for (const { labels, status } of shown())
      for (const type of ["Ready", "Stalled"] as const) {
        const condition = conditionOf(status, type);
        if (condition !== undefined)
          set({ ...labels.name, type, reason: condition.reason }, conditionValue[condition.status]);
      }
  });
  collected(registry, "objects", (set) => {
    for (const { labels, status } of shown())
      for (const [state, count] of Object.entries(status.objects ?? {}))
        if (count !== undefined) set({ ...labels.name, state }, count);
  });
  collected(registry, "driftAge", (set) => {
    for (const { labels, status } of shown()) {
      const drifted = conditionOf(status, "Drifted");
      if (drifted?.status !== "True") continue;
      const age = now().getTime() - Date.parse(drifted.lastTransitionTime);
      const manager = status.lastDrift?.healed === false ? status.lastDrift.manager : "";
      set({ ...labels.name, manager }, Math.max(0, age / 1000));
    }
  });
  collected(registry, "heldPrune", (set) => {
    for (const { labels, status } of shown())
      if (status.heldPrune !== undefined) set(labels.name, status.heldPrune.count);
  });
  collected(registry, "currentProblems", (set) => {
    for (const { application, labels, status } of shown()) {
      if (application.spec.suspend) continue;
      for (const [code, count] of problemsByCode(status)) set({ ...labels.name, code }, count);
    }
  });
}

/** Ready names the code of an object's problem too: that one counts with its object. */
function problemsByCode(status: ApplicationStatus): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { message } of status.problems ?? []) {
    const code = codeIn(message);
    if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const stop = conditionOf(status, "Ready")?.reason ?? "";
  if (isCode(stop) && !counts.has(stop)) counts.set(stop, 1);
  return counts;
}

/** What the reconciler knows of an application besides its status. */
export interface Watched {
  namespace: string;
  name: string;
  /** spec.interval. */
  intervalSeconds: number;
  /** When what its status says was last known to be so (seconds since 1970). */
  reconciledAt: number;
  /** The Secret of its secretRef, and when the value was written (seconds since 1970). */
  secret?: { name: string; writtenAt: number };
}

export function collectWatched(
  registry: Registry,
  watched: () => Iterable<Watched>,
  now: () => Date,
): void {
  collected(registry, "interval", (set) => {
    for (const { namespace, name, intervalSeconds } of watched())
      set({ namespace, name }, intervalSeconds);
  });
  collected(registry, "lastReconcile", (set) => {
    for (const { namespace, name, reconciledAt } of watched())
      set({ namespace, name }, reconciledAt);
  });
  collected(registry, "secretAge", (set) => {
    for (const { namespace, name, secret } of watched())
      if (secret !== undefined)
        set(
          { namespace, name, secret: secret.name },
          Math.max(0, now().getTime() / 1000 - secret.writtenAt),
        );
  });
}

/** `argocd_app_info`, label by label what Argo CD's own controller says. */
export function collectArgocdInfo(
  registry: Registry,
  shown: () => Iterable<TrackedApplication>,
): void {
  collected(registry, "argocdInfo", (set) => {
    for (const { application, labels, status } of shown()) {
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
