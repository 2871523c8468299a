import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiError, conflictManagers, isStale } from "../../../src/cluster/api-error.ts";
import type { FieldsV1, KubeObject } from "../../../src/model/object.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { type Access, access, configMap, deployment, eventually, failure } from "./access.ts";

let plane: ControlPlane;
let cluster: Access;
let ns: string;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false, audit: false });
  cluster = await access(plane.adminKubeconfig);
  ns = await cluster.namespace("apply");
}, 120_000);

afterAll(async () => {
  await cluster?.connection.close();
  await plane?.stop();
});

/** Our Apply entry on the main resource. */
function entry(object: KubeObject, manager = "mooring.test"): FieldsV1 | undefined {
  return object.metadata.managedFields?.find(
    (claim) => claim.manager === manager && claim.operation === "Apply" && !claim.subresource,
  )?.fieldsV1;
}

async function live(object: KubeObject): Promise<KubeObject> {
  const { namespace, name = "" } = object.metadata;
  const resource = cluster.kind(object.apiVersion, object.kind);
  const found = await cluster.objects.get(resource, namespace, name);
  if (found === undefined) throw new Error(`${object.kind} ${name} is gone`);
  return found;
}

function eightKinds(): KubeObject[] {
  const rbac = "rbac.authorization.k8s.io";
  return [
    configMap(ns, "create-only", { a: "1" }),
    { apiVersion: "v1", kind: "Secret", metadata: { namespace: ns, name: "create-only" } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: ns, name: "create-only" } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: ns, name: "create-only" },
      spec: { ports: [{ port: 80 }] },
    },
    deployment(ns, "create-only"),
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { namespace: ns, name: "create-only" },
      spec: {
        schedule: "0 0 * * *",
        jobTemplate: {
          spec: {
            template: {
              spec: { restartPolicy: "Never", containers: [{ name: "c", image: "example.com/c" }] },
            },
          },
        },
      },
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace: ns, name: "create-only" },
      spec: { podSelector: {} },
    },
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: "create-only" }, rules: [] },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "create-only" } },
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
              },
            },
          },
        ],
      },
    },
  ];
}

describe("an apply with resourceVersion 1", () => {
  test("creates where nothing is and answers 409 where something is, for ten kinds", async () => {
    for (const object of eightKinds()) {
      const createOnly = () => ({
        ...object,
        metadata: { ...object.metadata, resourceVersion: "1" },
      });
      const created = await cluster.apply(createOnly());
      expect(created.metadata.uid, object.kind).toMatch(/^[0-9a-f-]{36}$/);
      const again = await failure(cluster.apply(createOnly()));
      expect(again, object.kind).toMatchObject({ status: 409, reason: "Conflict" });
      expect(isStale(again), object.kind).toBe(true);
      // A CRD's status is written by the apiserver itself meanwhile, our entry is not.
      expect(entry(await live(object)), object.kind).toEqual(entry(created));
    }
  });

  test("does so for a custom resource too", async () => {
    await eventually("the kind is served", async () => {
      await cluster.discovery.refresh();
      return cluster.discovery.find("example.com/v1", "Widget");
    });
    const widget: KubeObject = {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { namespace: ns, name: "w", resourceVersion: "1" },
      spec: { size: 1 },
    };
    const created = await eventually("the first apply", () =>
      cluster.apply(structuredClone(widget)).catch((error) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }),
    );
    expect(created.metadata.uid).toBeDefined();
    expect(isStale(await failure(cluster.apply(structuredClone(widget))))).toBe(true);
  });
});

describe("preconditions of an apply", () => {
  test("a stale resourceVersion is refused with 409", async () => {
    const first = await cluster.apply(configMap(ns, "stale", { a: "1" }));
    await cluster.apply(configMap(ns, "stale", { a: "2" }));
    const { uid = "", resourceVersion = "" } = first.metadata;
    const refused = await failure(
      cluster.apply(configMap(ns, "stale", { a: "3" }, { uid, resourceVersion })),
    );
    expect(refused).toMatchObject({ status: 409, reason: "Conflict", causes: [] });
    expect(isStale(refused)).toBe(true);
  });

  test("an object that is gone is not created again: 409", async () => {
    const { metadata } = await cluster.apply(configMap(ns, "gone", { a: "1" }));
    const { uid = "", resourceVersion = "" } = metadata;
    const kind = cluster.kind("v1", "ConfigMap");
    expect(await cluster.objects.delete(kind, ns, "gone", { uid, resourceVersion })).toBe(
      "deleted",
    );
    const refused = await failure(
      cluster.apply(configMap(ns, "gone", { a: "2" }, { uid, resourceVersion })),
    );
    expect(refused).toMatchObject({ status: 409 });
    expect(isStale(refused)).toBe(true);
    expect(await cluster.objects.get(kind, ns, "gone")).toBeUndefined();
  });

  test("an object of another uid is left alone: 422 for the uid alone, 409 with its old resourceVersion", async () => {
    const kind = cluster.kind("v1", "ConfigMap");
    const { metadata: old } = await cluster.apply(configMap(ns, "again", { a: "1" }));
    await cluster.objects.delete(kind, ns, "again", { uid: old.uid ?? "" });
    const anew = await cluster.apply(configMap(ns, "again", { a: "1" }));
    const byUid = await failure(
      cluster.apply(configMap(ns, "again", { a: "2" }, { uid: old.uid ?? "" })),
    );
    expect(byUid).toMatchObject({ status: 422, reason: "Invalid" });
    expect(isStale(byUid)).toBe(true);
    const byBoth = await failure(
      cluster.apply(
        configMap(
          ns,
          "again",
          { a: "2" },
          { uid: old.uid ?? "", resourceVersion: old.resourceVersion ?? "" },
        ),
      ),
    );
    expect(isStale(byBoth)).toBe(true);
    const after = await live(configMap(ns, "again"));
    expect(after.metadata.resourceVersion).toBe(anew.metadata.resourceVersion);
  });
});

describe("a delete", () => {
  test("of another uid or resourceVersion is stale, of nothing is gone, held by a finalizer is deleting", async () => {
    const kind = cluster.kind("v1", "ConfigMap");
    const held = await cluster.apply(
      configMap(ns, "held", {}, { finalizers: ["example.com/hold"] }),
    );
    const { uid = "", resourceVersion = "" } = held.metadata;
    const remove = (preconditions: { uid: string; resourceVersion?: string }) =>
      cluster.objects.delete(kind, ns, "held", preconditions);
    expect(isStale(await failure(remove({ uid: "00000000" })))).toBe(true);
    expect(isStale(await failure(remove({ uid, resourceVersion: "1" })))).toBe(true);
    expect(await remove({ uid, resourceVersion })).toBe("deleting");
    await cluster.objects.jsonPatch(kind, ns, "held", [
      { op: "remove", path: "/metadata/finalizers" },
    ]);
    expect(await remove({ uid })).toBe("gone");
  });

  test("of kinds that answer with the object itself is deleted", async () => {
    const account: KubeObject = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { namespace: ns, name: "short-lived" },
    };
    const { metadata } = await cluster.apply(account);
    const kind = cluster.kind("v1", "ServiceAccount");
    const uid = metadata.uid ?? "";
    expect(await cluster.objects.delete(kind, ns, "short-lived", { uid })).toBe("deleted");
    expect(await cluster.objects.get(kind, ns, "short-lived")).toBeUndefined();
  });
});

describe("field ownership", () => {
  test("a conflict of managers is a 409 that names the manager and the field", async () => {
    await cluster.apply(configMap(ns, "contested", { a: "1", b: "1" }), "mooring.one");
    const refused = await failure(
      cluster.apply(configMap(ns, "contested", { a: "2", b: "1" }), "mooring.two"),
    );
    expect(refused).toMatchObject({ status: 409 });
    expect(isStale(refused)).toBe(false);
    expect(conflictManagers(refused)).toEqual([{ manager: "mooring.one", field: ".data.a" }]);
  });

  test("a conflict with an update names its manager without the version and time that follow", async () => {
    const kind = cluster.kind("apps/v1", "Deployment");
    await cluster.apply(deployment(ns, "scaled-first", { replicas: 1 }));
    await cluster.objects.mergePatch(
      kind,
      ns,
      "scaled-first",
      { spec: { replicas: 3 } },
      { fieldManager: 'odd "manager"' },
    );
    const refused = await failure(cluster.apply(deployment(ns, "scaled-first", { replicas: 1 })));
    expect(conflictManagers(refused)).toEqual([
      { manager: 'odd "manager"', field: ".spec.replicas" },
    ]);
  });

  test("the scale subresource takes spec.replicas out of our entry", async () => {
    const kind = cluster.kind("apps/v1", "Deployment");
    const ours = await cluster.apply(deployment(ns, "scaled", { replicas: 2 }));
    expect(entry(ours)?.["f:spec"]).toHaveProperty("f:replicas");
    await cluster.objects.mergePatch(
      kind,
      ns,
      "scaled",
      { spec: { replicas: 5 } },
      { subresource: "scale", fieldManager: "autoscaler" },
    );
    const after = await live(ours);
    expect(entry(after)?.["f:spec"]).not.toHaveProperty("f:replicas");
    expect(entry(after)?.["f:spec"]).toHaveProperty("f:template");
  });

  test("a write of status leaves our entry as it was", async () => {
    const kind = cluster.kind("apps/v1", "Deployment");
    const ours = await cluster.apply(deployment(ns, "with-status", { replicas: 2 }));
    await cluster.objects.mergePatch(
      kind,
      ns,
      "with-status",
      { status: { replicas: 2, observedGeneration: 1 } },
      { subresource: "status", fieldManager: "controller" },
    );
    const after = await live(ours);
    expect(after.metadata.resourceVersion).not.toBe(ours.metadata.resourceVersion);
    expect(entry(after)).toEqual(entry(ours));
  });

  test("the same value written by another leaves our entry, another value takes the field", async () => {
    const kind = cluster.kind("v1", "ConfigMap");
    const ours = await cluster.apply(configMap(ns, "touched", { a: "1", b: "1" }));
    const patch = (data: object) =>
      cluster.objects.mergePatch(kind, ns, "touched", { data }, { fieldManager: "somebody" });
    expect(entry(await patch({ a: "1" }))).toEqual(entry(ours));
    const after = entry(await patch({ a: "2" }));
    expect(after?.["f:data"]).not.toHaveProperty("f:a");
    expect(after?.["f:data"]).toHaveProperty("f:b");
  });

  test("a field that an apply leaves out is reset: replicas 5 becomes 1", async () => {
    await cluster.apply(deployment(ns, "left-out", { replicas: 5 }));
    const after = await cluster.apply(deployment(ns, "left-out"));
    expect(after.spec).toMatchObject({ replicas: 1 });
  });

  test("a field that a second manager holds stays when the first leaves it out", async () => {
    const kind = cluster.kind("apps/v1", "Deployment");
    await cluster.apply(deployment(ns, "handed-over", { replicas: 5 }));
    await cluster.objects.apply(
      kind,
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { namespace: ns, name: "handed-over" },
        spec: { replicas: 5 },
      },
      { fieldManager: "mooring-ignored" },
    );
    const after = await cluster.apply(deployment(ns, "handed-over"));
    expect(after.spec).toMatchObject({ replicas: 5 });
  });

  test("entries of a client-side apply become ours by a JSON patch, guarded by resourceVersion", async () => {
    const kind = cluster.kind("v1", "ConfigMap");
    await plane.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify(configMap(ns, "migrated", { keep: "1", drop: "1" })),
    );
    const found = await live(configMap(ns, "migrated"));
    const { resourceVersion = "", managedFields = [] } = found.metadata;
    const rewritten = managedFields.map((claim) =>
      claim.manager === "kubectl-client-side-apply"
        ? { ...claim, manager: "mooring.test", operation: "Apply" as const }
        : claim,
    );
    expect(rewritten).not.toEqual(managedFields);
    const patch = (guard: string) =>
      cluster.objects.jsonPatch(kind, ns, "migrated", [
        { op: "replace", path: "/metadata/managedFields", value: rewritten },
        { op: "replace", path: "/metadata/resourceVersion", value: guard },
      ]);
    expect(isStale(await failure(patch("1")))).toBe(true);
    await patch(resourceVersion);
    const after = await cluster.apply(configMap(ns, "migrated", { keep: "1" }));
    expect(after.data).toEqual({ keep: "1" });
  });

  test("without the migration the dropped field stays for ever", async () => {
    await plane.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify(configMap(ns, "unmigrated", { keep: "1", drop: "1" })),
    );
    const after = await cluster.apply(configMap(ns, "unmigrated", { keep: "1" }));
    expect(after.data).toEqual({ keep: "1", drop: "1" });
  });
});

describe("a dry-run", () => {
  test("changes nothing and asks no leave to write", async () => {
    let asked = 0;
    const fenced = await access(plane.adminKubeconfig, {
      mayWrite: () => {
        asked += 1;
        throw new Error("not the leader");
      },
    });
    try {
      const kind = cluster.kind("v1", "ConfigMap");
      const shown = await fenced.objects.apply(kind, configMap(ns, "dry", { a: "1" }), {
        fieldManager: "mooring.test",
        dryRun: true,
      });
      expect(shown.data).toEqual({ a: "1" });
      expect(asked).toBe(0);
      expect(await cluster.objects.get(kind, ns, "dry")).toBeUndefined();
      await expect(
        fenced.objects.apply(kind, configMap(ns, "dry"), { fieldManager: "mooring.test" }),
      ).rejects.toThrow("not the leader");
      expect(await cluster.objects.get(kind, ns, "dry")).toBeUndefined();
    } finally {
      await fenced.connection.close();
    }
  });

  test("into a namespace that does not exist answers 404 for the namespace", async () => {
    const refused = await failure(
      cluster.objects.apply(cluster.kind("v1", "ConfigMap"), configMap("absent", "x"), {
        fieldManager: "mooring.test",
        dryRun: true,
      }),
    );
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({
      status: 404,
      reason: "NotFound",
      details: { kind: "namespaces", name: "absent" },
    });
  });
});

describe("reading", () => {
  test("only the object's own 404 is undefined: a missing kind throws", async () => {
    const kind = cluster.kind("v1", "ConfigMap");
    expect(await cluster.objects.get(kind, ns, "never")).toBeUndefined();
    expect(await cluster.objects.get(kind, "absent", "never")).toBeUndefined();
    for (const missing of [
      { ...kind, group: "nowhere.example.com", version: "v1" },
      { ...kind, resource: "configmapz" },
    ])
      expect(await failure(cluster.objects.get(missing, ns, "never"))).toMatchObject({
        status: 404,
      });
  });

  test("metadata alone carries managedFields and no data", async () => {
    const ours = await cluster.apply(configMap(ns, "partial", { a: "1" }));
    const read = await cluster.objects.getMetadata(cluster.kind("v1", "ConfigMap"), ns, "partial");
    expect(read).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    expect(read).not.toHaveProperty("data");
    expect(read && entry(read)).toEqual(entry(ours));
  });

  test("a list is complete over its pages, with apiVersion and kind on every item", async () => {
    const many = await cluster.namespace("many");
    await Promise.all(
      Array.from({ length: 1203 }, (_, i) => cluster.apply(configMap(many, `cm-${i}`, {}))),
    );
    for (const metadataOnly of [false, true]) {
      const { items, resourceVersion } = await cluster.objects.list(
        cluster.kind("v1", "ConfigMap"),
        { namespace: many, metadataOnly },
      );
      expect(new Set(items.map((item) => item.metadata.name)).size).toBe(1203);
      expect(items.every((i) => i.apiVersion === "v1" && i.kind === "ConfigMap")).toBe(true);
      expect(resourceVersion).toMatch(/^\d+$/);
    }
  });
});
