import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject } from "../../../src/model/object.ts";
import { normalise } from "../../../src/render/normalise.ts";

const object = (more: object, metadata: object = {}): KubeObject =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata }, ...more }) as never;

test("what the server sets is dropped", () => {
  const copied = object(
    { data: { a: "b" }, status: { phase: "x" } },
    {
      uid: "u",
      resourceVersion: "1",
      generation: 3,
      creationTimestamp: null,
      deletionTimestamp: "2024-01-01T00:00:00Z",
      deletionGracePeriodSeconds: 1,
      selfLink: "/x",
      managedFields: [],
      namespace: "",
      labels: null,
      finalizers: [],
      ownerReferences: [],
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    },
  );
  expect(normalise(copied)).toEqual(object({ data: { a: "b" } }));
});

test("other annotations stay, and so do empty lists, nulls and empty maps", () => {
  const kept = object(
    { spec: { a: [], b: null, c: {}, d: [{ e: [] }] }, rules: [] },
    { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", x: "y" } },
  );
  expect(normalise(kept)).toEqual(
    object(
      { spec: { a: [], b: null, c: {}, d: [{ e: [] }] }, rules: [] },
      { annotations: { x: "y" } },
    ),
  );
});

test("stringData is written over data, in a Secret only", () => {
  const secret = {
    ...object({ data: { a: "eA==", b: "eA==" }, stringData: { b: "ü" } }),
    kind: "Secret",
  };
  expect(normalise(secret)).toMatchObject({ data: { a: "eA==", b: "w7w=" } });
  expect("stringData" in normalise(secret)).toBe(false);
  expect(normalise({ ...secret, apiVersion: "example.com/v1" })).toMatchObject({
    stringData: { b: "ü" },
  });
  expect(normalise({ ...secret, stringData: null })).not.toHaveProperty("stringData");
});

test("is idempotent and leaves its argument alone", () => {
  fc.assert(
    fc.property(fc.object(), fc.dictionary(fc.string(), fc.string()), (body, annotations) => {
      const given = object({ ...body, stringData: annotations }, { annotations, finalizers: [] });
      const before = JSON.stringify(given);
      const once = normalise({ ...given, apiVersion: "v1", kind: "Secret" });
      expect(JSON.stringify(given)).toBe(before);
      expect(normalise(once)).toEqual(once);
    }),
  );
});
