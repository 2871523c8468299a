/** Shapes of status and Events that tests read. */
import type { TestObject } from "./kube-api.ts";

export interface TestCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  observedGeneration: number;
  lastTransitionTime: string;
}

export interface StatusRef {
  group: string;
  kind: string;
  namespace?: string;
  name: string;
}

export interface TestStatus {
  observedGeneration?: number;
  conditions?: TestCondition[];
  sync?: string;
  health?: string;
  revision?: string;
  attemptedRevision?: string;
  commit?: { id: string; author: string; message: string; time: string };
  rollback?: { to: string; skipped: string; since: string; until?: string };
  lastHandledRefresh?: string;
  objects?: {
    total: number;
    synced: number;
    healthy: number;
    drifted: number;
    failed: number;
    skipped?: number;
  };
  problems?: (StatusRef & { state: string; message: string })[];
  heldPrune?: { hash: string; reason: string; count: number; objects: StatusRef[] };
  lastDrift?: StatusRef & { fields: string[]; manager: string; time: string; healed: boolean };
  history?: {
    revision: string;
    author: string;
    message: string;
    result: string;
    healthyAt?: string;
  }[];
}

export interface TestApplication extends TestObject {
  status?: TestStatus;
}

export function conditionOf(application: TestApplication, type: string): TestCondition | undefined {
  return application.status?.conditions?.find((condition) => condition.type === type);
}

export interface TestEvent {
  metadata: { annotations?: Record<string, string>; labels?: Record<string, string> };
  type: "Normal" | "Warning";
  reason: string;
  action: string;
  note: string;
  regarding: { kind: string; namespace: string; name: string };
  related?: { kind: string; name: string };
}
