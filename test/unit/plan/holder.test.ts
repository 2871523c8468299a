import { expect, test } from "vitest";
import type { KubeObject, ManagedFieldsEntry } from "../../../src/model/object.ts";
import { holderOf } from "../../../src/plan/drift.ts";

function entry(manager: string, time: string, fieldsV1: object, more: object = {}) {
  return { manager, operation: "Update", time, fieldsV1, ...more } as ManagedFieldsEntry;
}
const minute = (n: number) => `2026-11-21T10:0${n}:00Z`;
const containers = (image: string) => ({
  "f:spec": {
    "f:template": { "f:spec": { "f:containers": { 'k:{"name":"web"}': { [image]: {} } } } },
  },
});

const web = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    managedFields: [
      entry("kubectl-client-side-apply", minute(1), containers("f:image")),
      entry("scaler", minute(2), { "f:spec": { "f:replicas": {} } }, { subresource: "scale" }),
      entry("kubectl", minute(3), { "f:spec": { "f:replicas": {} } }, { subresource: "scale" }),
      entry("kube-controller-manager", minute(4), { "f:status": {} }, { subresource: "status" }),
      entry("mooring.x", minute(5), { "f:spec": { "f:paused": {} } }, { operation: "Apply" }),
    ],
  },
  spec: {
    replicas: 5,
    paused: true,
    template: { spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
  status: { replicas: 5 },
} as KubeObject;

test.each([
  ["the latest writer that has it", [["spec", "replicas"]], "kubectl"],
  [
    "by the item of a list",
    [["spec", "template", "spec", "containers", 0, "image"]],
    "kubectl-client-side-apply",
  ],
  ["nobody, where Git adds a field", [["spec", "minReadySeconds"]], undefined],
  ["nobody, where it is our own", [["spec", "paused"]], undefined],
  ["nobody, where it is status", [["status", "replicas"]], undefined],
])("who holds what differs: %s", (_, paths, manager) => {
  expect(holderOf(web, paths, "mooring.x")).toBe(manager);
});
