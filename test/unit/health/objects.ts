/** Objects as a kube-apiserver 1.36 answers with them, cut down to what health rules look at. */
import type { KubeObject } from "../../../src/model/object.ts";

export function object(
  apiVersion: string,
  kind: string,
  spec: object,
  status: object,
  metadata: object = {},
): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name: "web", namespace: "shop", uid: "u", generation: 2, ...metadata },
    spec,
    status,
  };
}

export function condition(type: string, status: string, reason?: string, message?: string): object {
  return { type, status, reason, message, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

export const newReplicaSetAvailable = condition(
  "Progressing",
  "True",
  "NewReplicaSetAvailable",
  'ReplicaSet "web-5d9c" has successfully progressed.',
);

export function deployment(status: object, spec: object = {}): KubeObject {
  return object(
    "apps/v1",
    "Deployment",
    { replicas: 3, progressDeadlineSeconds: 600, ...spec },
    { observedGeneration: 2, ...status },
  );
}

export function statefulSet(status: object, spec: object = {}): KubeObject {
  return object(
    "apps/v1",
    "StatefulSet",
    { replicas: 3, updateStrategy: { type: "RollingUpdate" }, ...spec },
    { observedGeneration: 2, ...status },
  );
}

export function pod(status: object): KubeObject {
  return object("v1", "Pod", {}, status);
}

export function waiting(name: string, reason: string, message?: string, restartCount = 0): object {
  return { name, ready: false, restartCount, state: { waiting: { reason, message } } };
}
