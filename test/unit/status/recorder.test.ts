import { expect, test } from "vitest";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";
import type { EventSpec } from "../../../src/status/events.ts";
import { EventRecorder } from "../../../src/status/recorder.ts";
import { application, deployment, start } from "./fixtures.ts";

const event: EventSpec = {
  type: "Warning",
  reason: "DriftDetected",
  action: "Observe",
  note: "Deployment.apps shop/web: spec.replicas",
  related: deployment("web"),
};

function recorder(refuse = false) {
  const created: { resource: ResourceKind; object: KubeObject }[] = [];
  const lost: unknown[] = [];
  let written = 0;
  const one = new EventRecorder({
    sink: {
      async create(resource, object) {
        if (refuse) throw new Error("forbidden");
        created.push({ resource, object });
      },
    },
    instance: "pod-1",
    now: () => start,
    onFailure: (_event, error) => lost.push(error),
    onWritten: () => written++,
  });
  return { one, created, lost, written: () => written };
}

test("writes an Event of events.k8s.io/v1 about the Application, with owner and runbook", async () => {
  const { one, created, written } = recorder();
  const app = application({ owner: "team-shop", runbook: "https://u:p@wiki.example/shop" });
  one.record(app, [event]);
  await one.settled();
  expect(written()).toBe(1);
  const [{ resource, object } = { resource: undefined, object: undefined }] = created;
  expect(resource).toMatchObject({ group: "events.k8s.io", version: "v1", resource: "events" });
  expect(object).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: {
      namespace: "team-a",
      name: expect.stringMatching(/^shop\.[0-9a-f]{16}$/),
      labels: { "mooring.dev/owner": "team-shop" },
      annotations: {
        "mooring.dev/owner": "team-shop",
        "mooring.dev/runbook": "https://***@wiki.example/shop",
      },
    },
    eventTime: "2026-03-01T12:00:00.500000Z",
    reportingController: "mooring.dev/controller",
    reportingInstance: "pod-1",
    type: "Warning",
    reason: "DriftDetected",
    action: "Observe",
    note: event.note,
    regarding: {
      apiVersion: "mooring.dev/v1alpha1",
      kind: "Application",
      namespace: "team-a",
      name: "shop",
      uid: app.uid,
    },
    related: { kind: "Deployment", namespace: "shop", name: "web" },
  });
});

test("Events of the same moment have names of their own", async () => {
  const { one, created } = recorder();
  one.record(application(), [event, event, event]);
  await one.settled();
  expect(new Set(created.map(({ object }) => object.metadata.name)).size).toBe(3);
});

test("an owner that is no label value is an annotation only", async () => {
  const { one, created } = recorder();
  one.record(application({ owner: "Team Shop <shop@example.com>" }), [event]);
  await one.settled();
  expect(created[0]?.object.metadata.labels).toBeUndefined();
  expect(created[0]?.object.metadata.annotations?.["mooring.dev/owner"]).toContain("Team Shop");
});

test("an Event that cannot be written is told and fails nothing; the others are tried", async () => {
  const { one, lost } = recorder(true);
  one.record(application(), [event, event]);
  await expect(one.settled()).resolves.toBeUndefined();
  expect(lost).toHaveLength(2);
});

test("nobody waits for Events, and only so many of them wait", async () => {
  const answered = Promise.withResolvers<void>();
  const lost: unknown[] = [];
  let asked = 0;
  const one = new EventRecorder({
    sink: {
      create: () => {
        asked += 1;
        return answered.promise;
      },
    },
    instance: "pod-1",
    now: () => start,
    onFailure: (_event, error) => lost.push(error),
  });
  one.record(
    application(),
    Array.from({ length: 1_001 }, () => event),
  );
  expect(asked).toBe(1_000);
  expect(lost).toHaveLength(1);
  answered.resolve();
  await one.settled();
  one.record(application(), [event]);
  expect(asked).toBe(1_001);
});
