import { describe, expect, test } from "vitest";
import { hasHealth, healthOf } from "../../../src/health/health.ts";
import type { HealthState } from "../../../src/model/health.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { condition, object } from "./objects.ts";

const crd = (...conditions: object[]) =>
  object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, { conditions });
const hpa = (...conditions: object[]) =>
  object("autoscaling/v2", "HorizontalPodAutoscaler", {}, { conditions });
const budget = (...conditions: object[]) =>
  object("policy/v1", "PodDisruptionBudget", {}, { observedGeneration: 2, conditions });
const apiService = (...conditions: object[]) =>
  object("apiregistration.k8s.io/v1", "APIService", {}, { conditions });
const widget = (status: object, spec: object = {}) =>
  object("example.dev/v1", "Widget", spec, status);

const cases: readonly [string, KubeObject, HealthState][] = [
  ["a bound claim", object("v1", "PersistentVolumeClaim", {}, { phase: "Bound" }), "Healthy"],
  [
    "a pending claim",
    object("v1", "PersistentVolumeClaim", {}, { phase: "Pending" }),
    "Progressing",
  ],
  ["a lost claim", object("v1", "PersistentVolumeClaim", {}, { phase: "Lost" }), "Degraded"],
  ["a released volume", object("v1", "PersistentVolume", {}, { phase: "Released" }), "Healthy"],
  ["a failed volume", object("v1", "PersistentVolume", {}, { phase: "Failed" }), "Degraded"],
  [
    "a ClusterIP Service",
    object("v1", "Service", { type: "ClusterIP" }, { loadBalancer: {} }),
    "Healthy",
  ],
  [
    "a load balancer without an address",
    object("v1", "Service", { type: "LoadBalancer" }, { loadBalancer: {} }),
    "Progressing",
  ],
  [
    "a load balancer with one",
    object(
      "v1",
      "Service",
      { type: "LoadBalancer" },
      { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
    ),
    "Healthy",
  ],
  ["an active Namespace", object("v1", "Namespace", {}, { phase: "Active" }), "Healthy"],
  [
    "a terminating Namespace",
    object("v1", "Namespace", {}, { phase: "Terminating" }),
    "Progressing",
  ],
  ["a CRD just created", crd(), "Progressing"],
  ["a CRD being installed", crd(condition("Established", "False", "Installing")), "Progressing"],
  [
    "an established CRD",
    crd(condition("NamesAccepted", "True"), condition("Established", "True")),
    "Healthy",
  ],
  [
    "a CRD whose names are taken",
    crd(condition("NamesAccepted", "False", "ShortNamesConflict")),
    "Degraded",
  ],
  ["an available APIService", apiService(condition("Available", "True")), "Healthy"],
  [
    "an APIService without endpoints",
    apiService(condition("Available", "False", "MissingEndpoints")),
    "Progressing",
  ],
  ["an autoscaler nobody looked at", hpa(), "Progressing"],
  [
    "a working autoscaler",
    hpa(condition("AbleToScale", "True"), condition("ScalingActive", "True")),
    "Healthy",
  ],
  [
    "an autoscaler without metrics",
    hpa(
      condition("AbleToScale", "True"),
      condition("ScalingActive", "False", "FailedGetResourceMetric"),
    ),
    "Degraded",
  ],
  [
    "an autoscaler of a target scaled to nothing",
    hpa(condition("AbleToScale", "True"), condition("ScalingActive", "False", "ScalingDisabled")),
    "Healthy",
  ],
  [
    "a budget that allows no disruption now",
    budget(condition("DisruptionAllowed", "False", "InsufficientPods")),
    "Healthy",
  ],
  [
    "a budget that cannot be computed",
    budget(condition("DisruptionAllowed", "False", "SyncFailed")),
    "Degraded",
  ],

  ["a custom resource without a status", widget({}), "Healthy"],
  [
    "a custom resource that is Ready",
    widget({ conditions: [condition("Ready", "True")] }),
    "Healthy",
  ],
  [
    "a custom resource that is not Ready",
    widget({ conditions: [condition("Ready", "False")] }),
    "Progressing",
  ],
  [
    "a custom resource of unknown readiness",
    widget({ conditions: [condition("Ready", "Unknown")] }),
    "Progressing",
  ],
  [
    "a custom resource that is Available",
    widget({ conditions: [condition("Available", "True")] }),
    "Healthy",
  ],
  [
    "Ready before Available",
    widget({ conditions: [condition("Available", "True"), condition("Ready", "False")] }),
    "Progressing",
  ],
  [
    "Stalled before everything",
    widget({
      conditions: [
        condition("Ready", "True"),
        condition("Reconciling", "True"),
        condition("Stalled", "True"),
      ],
    }),
    "Degraded",
  ],
  [
    "Reconciling before Ready",
    widget({ conditions: [condition("Ready", "True"), condition("Reconciling", "True")] }),
    "Progressing",
  ],
  [
    "a status of an older generation",
    widget({ observedGeneration: 1, conditions: [condition("Ready", "True")] }),
    "Progressing",
  ],
  [
    "a condition of an older generation",
    widget({ conditions: [{ ...condition("Ready", "True"), observedGeneration: 1 }] }),
    "Progressing",
  ],
  [
    "a suspended custom resource",
    widget({ conditions: [condition("Ready", "True")] }, { suspend: true }),
    "Suspended",
  ],
];

test.each(cases)("%s", (_what, live, state) => {
  const health = healthOf(live);
  expect(health.state).toBe(state);
  // Whoever is on call is told why.
  expect(health.message === undefined).toBe(state === "Healthy");
});

describe("an object that is being deleted", () => {
  const deletionTimestamp = "2026-01-01T00:00:00Z";

  test("is progressing, and names the finalizers that hold it", () => {
    const metadata = { deletionTimestamp, finalizers: ["kubernetes.io/pvc-protection"] };
    const claim = object("v1", "PersistentVolumeClaim", {}, { phase: "Bound" }, metadata);
    expect(healthOf(claim)).toEqual({
      state: "Progressing",
      message: "being deleted, held by finalizer kubernetes.io/pvc-protection",
    });
  });

  test("tells what is left in a Namespace", () => {
    const message = "Some resources are remaining: widgets.example.dev has 1 resource instances";
    const conditions = [
      condition("NamespaceDeletionContentFailure", "False", "ContentDeleted"),
      condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", message),
    ];
    const status = { phase: "Terminating", conditions };
    const namespace = object("v1", "Namespace", {}, status, { deletionTimestamp });
    expect(healthOf(namespace).message).toBe(`being deleted; ${message}`);
  });
});

test("existence is the health of what has no status, and of nothing else", () => {
  const rbac = "rbac.authorization.k8s.io";
  for (const kind of ["ConfigMap", "Secret", "ServiceAccount"])
    expect(hasHealth({ group: "", kind })).toBe(false);
  for (const kind of ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"])
    expect(hasHealth({ group: rbac, kind })).toBe(false);
  expect(hasHealth({ group: "", kind: "Service" })).toBe(true);
  expect(hasHealth({ group: "apps", kind: "Deployment" })).toBe(true);
  // Of the same name in another group.
  expect(hasHealth({ group: "example.dev", kind: "Secret" })).toBe(true);
});
