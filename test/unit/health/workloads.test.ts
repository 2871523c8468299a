import { describe, expect, test } from "vitest";
import { healthOf } from "../../../src/health/health.ts";
import {
  condition,
  deployment,
  newReplicaSetAvailable,
  object,
  pod,
  statefulSet,
  waiting,
} from "./objects.ts";

describe("a Deployment", () => {
  const done = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };

  test("is healthy when all replicas are new and available", () => {
    const conditions = [condition("Available", "True"), newReplicaSetAvailable];
    expect(healthOf(deployment({ ...done, conditions }))).toEqual({ state: "Healthy" });
  });

  test("of no replicas is healthy", () => {
    const conditions = [condition("Available", "True"), newReplicaSetAvailable];
    expect(healthOf(deployment({ conditions }, { replicas: 0 })).state).toBe("Healthy");
  });

  test("is progressing until its controller has seen it, also right after its creation", () => {
    expect(healthOf(deployment({ ...done, observedGeneration: 1 })).state).toBe("Progressing");
    const created = object("apps/v1", "Deployment", { replicas: 3 }, {}, { generation: 1 });
    expect(healthOf(created).state).toBe("Progressing");
  });

  test("tells how many replicas are available while Pods crash, and is not degraded before its deadline", () => {
    const conditions = [
      condition("Available", "False", "MinimumReplicasUnavailable"),
      condition("Progressing", "True", "ReplicaSetUpdated", 'ReplicaSet "web-7f" is progressing.'),
    ];
    const status = { replicas: 3, updatedReplicas: 3, unavailableReplicas: 3, conditions };
    expect(healthOf(deployment(status))).toEqual({
      state: "Progressing",
      message: '0 of 3 replicas available; ReplicaSet "web-7f" is progressing.',
    });
  });

  test("is degraded when the deadline has passed, whatever old replicas still serve", () => {
    const message = 'ReplicaSet "web-7f" has timed out progressing.';
    const conditions = [
      condition("Available", "True"),
      condition("Progressing", "False", "ProgressDeadlineExceeded", message),
    ];
    const status = { replicas: 4, updatedReplicas: 1, availableReplicas: 3, conditions };
    expect(healthOf(deployment(status))).toEqual({
      state: "Degraded",
      message: `3 of 3 replicas available; ${message}`,
    });
  });

  test("waits for old replicas to go", () => {
    const status = { ...done, replicas: 4, conditions: [condition("Available", "True")] };
    expect(healthOf(deployment(status))).toEqual({
      state: "Progressing",
      message: "3 of 3 replicas available; 1 old still to be removed",
    });
  });

  test("names the quota that refuses its Pods", () => {
    const message = 'pods "web-7f-x" is forbidden: exceeded quota: team-a';
    const conditions = [condition("ReplicaFailure", "True", "FailedCreate", message)];
    expect(healthOf(deployment({ conditions })).message).toContain(message);
  });

  test("that is paused is suspended", () => {
    expect(healthOf(deployment(done, { paused: true })).state).toBe("Suspended");
  });
});

describe("a StatefulSet", () => {
  const same = { currentRevision: "web-1", updateRevision: "web-1" };

  test("is healthy when all replicas are ready at one revision", () => {
    const status = { replicas: 3, readyReplicas: 3, updatedReplicas: 3, ...same };
    expect(healthOf(statefulSet(status)).state).toBe("Healthy");
  });

  test("is progressing while replicas are not ready, or of an older revision", () => {
    expect(healthOf(statefulSet({ replicas: 3, readyReplicas: 2, ...same }))).toEqual({
      state: "Progressing",
      message: "2 of 3 replicas ready",
    });
    const rolling = {
      replicas: 3,
      readyReplicas: 3,
      updatedReplicas: 1,
      currentRevision: "web-1",
      updateRevision: "web-2",
    };
    expect(healthOf(statefulSet(rolling)).message).toContain("1 of 3 replicas updated");
  });

  test("is healthy once those above its partition are updated", () => {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } };
    const revisions = { currentRevision: "web-1", updateRevision: "web-2" };
    const status = { replicas: 3, readyReplicas: 3, ...revisions };
    const judge = (updatedReplicas: number) =>
      healthOf(statefulSet({ ...status, updatedReplicas }, { updateStrategy })).state;
    expect([judge(0), judge(1)]).toEqual(["Progressing", "Healthy"]);
  });

  test("that a person rolls (OnDelete) is healthy with old Pods", () => {
    const status = { replicas: 3, readyReplicas: 3, currentRevision: "a", updateRevision: "b" };
    const updateStrategy = { type: "OnDelete" };
    expect(healthOf(statefulSet(status, { updateStrategy })).state).toBe("Healthy");
  });
});

test("a DaemonSet is healthy when every node has a new, available Pod", () => {
  const daemonSet = (status: object) => object("apps/v1", "DaemonSet", {}, status);
  const all = { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 };
  expect(healthOf(daemonSet({ observedGeneration: 2, ...all })).state).toBe("Healthy");
  expect(healthOf(daemonSet({ observedGeneration: 2, ...all, numberAvailable: 1 }))).toEqual({
    state: "Progressing",
    message: "1 of 2 nodes with an available Pod",
  });
  expect(healthOf(daemonSet({})).state).toBe("Progressing");
});

test("a ReplicaSet whose Pods are refused is degraded", () => {
  const failure = condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota");
  const status = { observedGeneration: 2, conditions: [failure] };
  expect(healthOf(object("apps/v1", "ReplicaSet", { replicas: 1 }, status))).toEqual({
    state: "Degraded",
    message: "0 of 1 replica available; exceeded quota",
  });
});

describe("a Job", () => {
  const job = (status: object, spec: object = {}) =>
    healthOf(object("batch/v1", "Job", { completions: 2, parallelism: 1, ...spec }, status));

  test("that runs is progressing, and tells what failed so far", () => {
    expect(job({ startTime: "2026-01-01T00:00:00Z", active: 1, succeeded: 1, failed: 2 })).toEqual({
      state: "Progressing",
      message: "1 of 2 completions done; 1 running; 2 failed",
    });
  });
  test("is healthy once complete", () => {
    expect(job({ succeeded: 2, conditions: [condition("Complete", "True")] }).state).toBe(
      "Healthy",
    );
  });
  test("that failed is degraded with the reason", () => {
    const message = "Job has reached the specified backoff limit";
    const conditions = [condition("Failed", "True", "BackoffLimitExceeded", message)];
    expect(job({ failed: 7, conditions })).toEqual({ state: "Degraded", message });
  });
  test("that is suspended is suspended, unless it was complete before", () => {
    expect(job({}, { suspend: true }).state).toBe("Suspended");
    const conditions = [condition("Complete", "True")];
    expect(job({ conditions }, { suspend: true }).state).toBe("Healthy");
  });
});

test("a CronJob is healthy, or suspended", () => {
  expect(healthOf(object("batch/v1", "CronJob", {}, {})).state).toBe("Healthy");
  expect(healthOf(object("batch/v1", "CronJob", { suspend: true }, {})).state).toBe("Suspended");
});

describe("a Pod", () => {
  test("that is ready, or has succeeded, is healthy", () => {
    const ready = [condition("Ready", "True")];
    expect(healthOf(pod({ phase: "Running", conditions: ready })).state).toBe("Healthy");
    expect(healthOf(pod({ phase: "Succeeded" })).state).toBe("Healthy");
  });

  test("that crash-loops is degraded and names container, reason and restarts", () => {
    const conditions = [condition("Ready", "False", "ContainersNotReady")];
    const message = "back-off 40s restarting failed container";
    const containerStatuses = [
      { name: "proxy", ready: true, state: { running: {} } },
      waiting("web", "CrashLoopBackOff", message, 4),
    ];
    expect(healthOf(pod({ phase: "Running", conditions, containerStatuses }))).toEqual({
      state: "Degraded",
      message: `container web: CrashLoopBackOff, 4 restarts: ${message}`,
    });
  });

  test.each([
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "RunContainerError",
  ])("whose container waits with %s is degraded", (reason) => {
    const status = { phase: "Pending", containerStatuses: [waiting("web", reason)] };
    expect(healthOf(pod(status))).toEqual({
      state: "Degraded",
      message: `container web: ${reason}`,
    });
  });

  test("whose init container crash-loops is degraded", () => {
    const status = {
      phase: "Pending",
      initContainerStatuses: [waiting("migrate", "CrashLoopBackOff")],
      containerStatuses: [waiting("web", "PodInitializing")],
    };
    expect(healthOf(pod(status)).state).toBe("Degraded");
  });

  test("whose containers are being created is progressing", () => {
    const status = { phase: "Pending", containerStatuses: [waiting("web", "ContainerCreating")] };
    expect(healthOf(pod(status))).toEqual({
      state: "Progressing",
      message: "container web: ContainerCreating",
    });
  });

  test("that no node takes is degraded and says why", () => {
    const message = "0/2 nodes are available: 2 Insufficient cpu.";
    const conditions = [condition("PodScheduled", "False", "Unschedulable", message)];
    expect(healthOf(pod({ phase: "Pending", conditions }))).toEqual({
      state: "Degraded",
      message: `cannot be scheduled: ${message}`,
    });
  });

  test("that failed tells the exit code of its container", () => {
    const terminated = { exitCode: 137, reason: "OOMKilled" };
    const containerStatuses = [{ name: "web", state: { terminated } }];
    expect(healthOf(pod({ phase: "Failed", containerStatuses })).message).toContain(
      "container web ended with exit code 137 (OOMKilled)",
    );
  });

  test("whose node does not answer is unknown", () => {
    expect(healthOf(pod({ phase: "Unknown" })).state).toBe("Unknown");
  });
});
