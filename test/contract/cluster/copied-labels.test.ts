import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { type Access, access, deployment, eventually } from "./access.ts";

let plane: ControlPlane;
let cluster: Access;

beforeAll(async () => {
  plane = await startControlPlane({ nodes: 1, audit: false });
  cluster = await access(plane.adminKubeconfig);
}, 120_000);

afterAll(async () => {
  await cluster?.connection.close();
  await plane?.stop();
});

const label = "applyset.kubernetes.io/part-of";

test("kube-controller-manager copies a Service's labels to Endpoints and EndpointSlices, which we did not apply", async () => {
  const ns = await cluster.namespace("copied");
  await cluster.apply(deployment(ns, "web"));
  await cluster.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: ns, name: "web", labels: { [label]: "applyset-x-v1" } },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  for (const kind of [
    cluster.kind("v1", "Endpoints"),
    cluster.kind("discovery.k8s.io/v1", "EndpointSlice"),
  ]) {
    const copy = await eventually(`${kind.kind} with our label`, async () => {
      const { items } = await cluster.objects.list(kind, { namespace: ns, labelSelector: label });
      return items[0];
    });
    expect(copy.metadata.labels?.[label]).toBe("applyset-x-v1");
    // What tells them from our own: no Apply entry of ours.
    const claims = copy.metadata.managedFields ?? [];
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.every(({ manager }) => manager !== "mooring.test")).toBe(true);
  }
});

test("a ReplicaSet does not carry our label, and has an owner that is its controller", async () => {
  const ns = await cluster.namespace("owned");
  const object = deployment(ns, "web");
  object.metadata.labels = { [label]: "applyset-x-v1" };
  await cluster.apply(object);
  const set = await eventually("a ReplicaSet", async () => {
    const kind = cluster.kind("apps/v1", "ReplicaSet");
    return (await cluster.objects.list(kind, { namespace: ns })).items[0];
  });
  expect(set.metadata.labels).not.toHaveProperty([label]);
  expect(set.metadata.ownerReferences).toMatchObject([{ kind: "Deployment", controller: true }]);
});

test("a namespace is deleting until it is empty, then gone", async () => {
  const ns = await cluster.namespace("ending");
  await cluster.apply(deployment(ns, "web"));
  const kind = cluster.kind("v1", "Namespace");
  const found = await cluster.objects.get(kind, undefined, ns);
  const uid = found?.metadata.uid ?? "";
  expect(await cluster.objects.delete(kind, undefined, ns, { uid })).toBe("deleting");
  await eventually(
    "the namespace is gone",
    async () => (await cluster.objects.get(kind, undefined, ns)) === undefined,
    60_000,
  );
  expect(await cluster.objects.delete(kind, undefined, ns, { uid })).toBe("gone");
});

test("a Deployment deleted in the foreground is deleting while its Pods are there", async () => {
  const ns = await cluster.namespace("foreground");
  const kind = cluster.kind("apps/v1", "Deployment");
  const { metadata } = await cluster.apply(deployment(ns, "web"));
  const { uid = "" } = metadata;
  expect(
    await cluster.objects.delete(kind, ns, "web", { uid, propagationPolicy: "Foreground" }),
  ).toBe("deleting");
  await eventually(
    "the Deployment is gone",
    async () => (await cluster.objects.get(kind, ns, "web")) === undefined,
  );
});
