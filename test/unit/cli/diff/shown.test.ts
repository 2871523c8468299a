import { describe, expect, it } from "vitest";
import { withoutBookkeeping, withoutSecrets } from "../../../../src/cli/diff/shown.ts";

const secret = (data: object, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s" },
  data,
  ...more,
});

describe("what is shown of an object", () => {
  it("has nothing of the server's, of Mooring's and of kubectl's own", () => {
    const shown = withoutBookkeeping({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "a",
        uid: "u",
        resourceVersion: "1",
        generation: 2,
        creationTimestamp: "2026-01-02T03:04:05Z",
        managedFields: [],
        annotations: {
          "kubectl.kubernetes.io/last-applied-configuration": "{}",
          "mooring.dev/applied-hash": "x",
        },
      },
      data: { v: "1" },
      status: {},
    });
    expect(shown).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
      data: { v: "1" },
    });
  });

  it("keeps annotations that people write", () => {
    const annotations = { "example.com/a": "1" };
    const shown = withoutBookkeeping({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", annotations: { ...annotations, "mooring.dev/applied-hash": "x" } },
    });
    expect(shown.metadata.annotations).toEqual(annotations);
  });
});

describe("a Secret", () => {
  it("shows which values differ, and none of them", () => {
    const { live, desired } = withoutSecrets({
      live: secret({ same: "c2FtZQ==", other: "b2xk", gone: "Z29uZQ==" }),
      desired: secret({ same: "c2FtZQ==", other: "bmV3", come: "Y29tZQ==" }),
    });
    expect(live?.data).toEqual({ same: "***", other: "*** (before)", gone: "***" });
    expect(desired?.data).toEqual({ same: "***", other: "*** (after)", come: "***" });
  });

  it("has values in stringData, too, and may be no map at all", () => {
    const { desired } = withoutSecrets({
      live: undefined,
      desired: secret({}, { stringData: { a: "hunter2" }, data: "hunter2" }),
    });
    expect(JSON.stringify(desired)).not.toContain("hunter2");
  });

  it("of another group is none of Kubernetes", () => {
    const object = { ...secret({ a: "1" }), apiVersion: "vault.example/v1" };
    expect(withoutSecrets({ live: object, desired: object }).live).toEqual(object);
  });
});
