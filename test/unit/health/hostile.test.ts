/** Custom resources may hold anything anywhere. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { healthOf } from "../../../src/health/health.ts";
import { healthStates } from "../../../src/model/health.ts";
import type { KubeObject } from "../../../src/model/object.ts";

const kinds = [
  ["v1", "Pod"],
  ["v1", "Service"],
  ["v1", "Namespace"],
  ["v1", "PersistentVolume"],
  ["v1", "PersistentVolumeClaim"],
  ["v1", "ReplicationController"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["batch/v1", "Job"],
  ["batch/v1", "CronJob"],
  ["policy/v1", "PodDisruptionBudget"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["apiregistration.k8s.io/v1", "APIService"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["example.dev/v1", "Widget"],
] as const;

/** Members that rules look at, with values of any type. */
const members = (names: readonly string[], inner: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.constantFrom(...names), inner);
const texts = ["", "True", "False", "Ready", "Stalled", "Progressing", "Pending", "LoadBalancer"];
const anything = fc.constantFrom<unknown>(
  ...texts,
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  [],
  {},
  [[]],
  [null],
);
const condition = members(["type", "status", "reason", "message", "observedGeneration"], anything);
const container = members(
  ["name", "state", "restartCount"],
  fc.oneof(anything, members(["waiting", "terminated"], members(["reason", "exitCode"], anything))),
);
const status = members(
  ["conditions", "phase", "replicas", "containerStatuses", "loadBalancer", "observedGeneration"],
  fc.oneof(anything, fc.array(fc.oneof(condition, container, anything))),
);
const spec = members(["replicas", "type", "paused", "suspend", "updateStrategy"], anything);
const metadata = members(
  ["name", "generation", "deletionTimestamp", "finalizers"],
  fc.oneof(anything, fc.array(anything)),
);

test("whatever an object holds, its health is one of the states", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      metadata,
      fc.oneof(spec, anything),
      fc.oneof(status, anything),
      ([apiVersion, kind], meta, wanted, reported) => {
        const object = { apiVersion, kind, metadata: meta, spec: wanted, status: reported };
        const { state, message } = healthOf(object as KubeObject);
        expect(healthStates).toContain(state);
        if (message !== undefined) expect(typeof message).toBe("string");
      },
    ),
    { numRuns: 1000 },
  );
});
