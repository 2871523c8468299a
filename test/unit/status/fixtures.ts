/** Applications, commits and reports for the tests of status/. */
import {
  type Application,
  type ApplicationStatus,
  applicationSpec,
} from "../../../src/model/application.ts";
import type { ConditionType } from "../../../src/model/condition.ts";
import type { ObjectRef } from "../../../src/model/object.ts";
import type { ObjectReport, Outcome, Report } from "../../../src/model/report.ts";
import type { Commit } from "../../../src/model/snapshot.ts";

export const first = "main@sha1:1111111111111111111111111111111111111111";
export const second = "main@sha1:2222222222222222222222222222222222222222";

export const start = new Date("2026-03-01T12:00:00.500Z");

export function later(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

export function application(
  spec: Record<string, unknown> = {},
  rest: Partial<Application> = {},
): Application {
  return {
    namespace: "team-a",
    name: "shop",
    uid: "8f7c1a1e-0000-4000-8000-000000000001",
    generation: 1,
    resourceVersion: "100",
    labels: {},
    annotations: {},
    finalizers: [],
    deleting: false,
    spec: applicationSpec.parse({
      source: { git: { url: "https://git.example/shop.git" } },
      mode: "enforce",
      ...spec,
    }),
    intervalMs: 20_000,
    timeoutMs: 300_000,
    status: {},
    ...rest,
  };
}

export function commit(revision: string): Commit {
  return {
    id: revision.slice(-40),
    author: "Ada",
    subject: "Raise replicas",
    time: "2026-03-01T11:59:00Z",
  };
}

export function deployment(name: string): ObjectRef {
  return { group: "apps", kind: "Deployment", namespace: "shop", name };
}

export function object(
  name: string,
  outcome: Outcome,
  rest: Partial<ObjectReport> = {},
): ObjectReport {
  return { ref: deployment(name), outcome, health: { state: "Healthy" }, ...rest };
}

export function report(revision: string, ...objects: ObjectReport[]): Report {
  return { revision, objects };
}

export function condition(status: ApplicationStatus, type: ConditionType) {
  const found = status.conditions?.find((candidate) => candidate.type === type);
  if (found === undefined) throw new Error(`no condition ${type}`);
  return found;
}

/** `Ready=True Reconciling=False ...`, with reasons where they matter less than the whole. */
export function summary(status: ApplicationStatus): string {
  return (status.conditions ?? [])
    .map(({ type, status: value, reason }) => `${type}=${value}/${reason}`)
    .join(" ");
}
