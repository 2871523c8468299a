/**
 * Why normalise() keeps empty lists and nulls, and what it may drop: each on a real apiserver.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseExact } from "../../../src/model/exact-json.ts";
import type { FieldsV1, KubeObject } from "../../../src/model/object.ts";
import { defaultLimits } from "../../../src/render/limits.ts";
import { createManifestReader } from "../../../src/render/manifest.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane({ nodes: 0, workloads: false });
});
afterAll(() => plane?.stop());

let count = 0;
const name = () => `x${count++}`;

/** Through the renderer's own path, so that what is applied is what Mooring would apply. */
async function apply(yaml: string): Promise<KubeObject & Record<string, never>> {
  const outcome = createManifestReader(defaultLimits)(Buffer.from(yaml));
  if (!outcome.ok) throw new Error(outcome.failure.what);
  const [manifest] = outcome.manifests;
  const text = JSON.stringify(parseExact(manifest?.json ?? ""));
  const args = ["apply", "--server-side", "--field-manager=mooring.test", "-f", "-"];
  return parseExact(
    await plane.kubectl([...args, "--show-managed-fields", "-o", "json"], text),
  ) as never;
}
const claim = (object: KubeObject): FieldsV1 =>
  object.metadata.managedFields?.find(({ manager }) => manager === "mooring.test")?.fieldsV1 ?? {};

async function customResource(
  schema: object,
): Promise<(spec: string) => Promise<{ spec: object }>> {
  const kind = `Kind${count++}`;
  const plural = kind.toLowerCase();
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.test.mooring.dev` },
    spec: {
      group: "test.mooring.dev",
      scope: "Namespaced",
      names: { plural, singular: plural, kind, listKind: `${kind}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: schema } },
            },
          },
        },
      ],
    },
  };
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(crd));
  await untilServed(plane, crd.metadata.name);
  return (spec) =>
    apply(
      `apiVersion: test.mooring.dev/v1\nkind: ${kind}\nmetadata: {name: ${name()}, namespace: default}\nspec: ${spec}\n`,
    ) as never;
}

test("an empty list is not the same as none where the schema has a default", async () => {
  const create = await customResource({
    list: { type: "array", items: { type: "string" }, default: ["x"] },
  });
  expect((await create("{}")).spec).toEqual({ list: ["x"] });
  expect((await create("{list: []}")).spec).toEqual({ list: [] });
});

test("null is not the same as none in a nullable field with a default, and in free form", async () => {
  const create = await customResource({
    a: { type: "string", nullable: true, default: "d" },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  });
  expect((await create("{free: {}}")).spec).toEqual({ a: "d", free: {} });
  expect((await create("{a: null, free: {b: null, c: []}}")).spec).toEqual({
    a: null,
    free: { b: null, c: [] },
  });
});

test("a CRD's `default: []` is kept", async () => {
  const create = await customResource({
    list: { type: "array", items: { type: "string" }, default: [] },
  });
  expect((await create("{}")).spec).toEqual({ list: [] });
});

test("an empty list is claimed when it is atomic, and not when it is associative", async () => {
  const deployment = await apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name()}, namespace: default, finalizers: []}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      tolerations: []
      volumes: []
      containers: [{name: c, image: x, args: [], env: [], ports: []}]
`);
  const pod = claim(deployment)["f:spec"]?.["f:template"]?.["f:spec"];
  const container = pod?.["f:containers"]?.['k:{"name":"c"}'];
  expect(Object.keys(pod ?? {}).sort()).toEqual(["f:containers", "f:tolerations"]);
  expect(Object.keys(container ?? {}).sort()).toEqual([".", "f:args", "f:image", "f:name"]);
  expect(claim(deployment)["f:metadata"]).toBeUndefined();
});

test("integers past 2^53 reach the apiserver digit for digit", async () => {
  const create = await customResource({ i: { type: "integer", format: "int64" } });
  const answer = await create("{i: 9007199254740993}");
  expect(JSON.stringify(answer.spec)).toBe('{"i":9007199254740993}');
});

test("stringData becomes data, so that the claim names what the object has", async () => {
  const secret = await apply(
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name()}, namespace: default}\ndata: {a: eA==, b: eA==}\nstringData: {b: "ü", c: ""}\n`,
  );
  expect(secret.data).toEqual({ a: "eA==", b: "w7w=", c: "" });
  expect(claim(secret)).toEqual({ "f:data": { "f:a": {}, "f:b": {}, "f:c": {} } });
});

test("a manifest copied from a cluster is applied without what the server set", async () => {
  const first = name();
  await apply(
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${first}, namespace: default}\ndata: {a: b}\n`,
  );
  const live = JSON.parse(
    await plane.kubectl(["get", "cm", first, "-o", "json", "--show-managed-fields"]),
  );
  live.metadata.name = name();
  live.status = { nothing: true };
  const copy = await apply(JSON.stringify(live));
  expect(copy.metadata.uid).not.toBe(live.metadata.uid);
  expect(claim(copy)).toEqual({ "f:data": { "f:a": {} } });
});
