import { describe, expect, it } from "vitest";
import type { FieldsV1, KubeObject } from "../../../src/model/object.ts";
import {
  claims,
  contentPaths,
  coverage,
  formatPath,
  leaves,
  union,
} from "../../../src/plan/fields.ts";

const deployment: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", labels: { "app.kubernetes.io/name": "web" } },
  spec: {
    replicas: 3,
    template: {
      spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }] },
    },
  },
};

const claim: FieldsV1 = {
  "f:metadata": { "f:labels": { "f:app.kubernetes.io/name": {} } },
  "f:spec": {
    "f:replicas": {},
    "f:template": {
      "f:spec": {
        "f:containers": {
          'k:{"name":"web"}': {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:ports": {
              'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
            },
          },
        },
      },
    },
  },
};

/** As the apiserver does it: what is left without members goes too. */
function without(fields: FieldsV1, ...path: string[]): FieldsV1 {
  const [first = "", ...rest] = path;
  const { [first]: inner = {}, ...others } = fields;
  if (rest.length === 0) return others;
  const left = without(inner, ...rest);
  return Object.keys(left).length === 0 ? others : { ...fields, [first]: left };
}

describe("coverage", () => {
  it("covers an object whose every field is claimed, defaulted list keys included", () => {
    expect(coverage(deployment, claim)).toEqual({ state: "covered" });
  });

  it.each([
    ["a scalar", ["f:spec", "f:replicas"], "spec.replicas"],
    ["a label", ["f:metadata", "f:labels", "f:app.kubernetes.io/name"], "metadata.labels"],
    [
      "a list item",
      ["f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"web"}'],
      "spec.template",
    ],
    ["the whole spec", ["f:spec"], "spec"],
  ])("misses %s that the claim lost", (_, path, expected) => {
    const found = coverage(deployment, without(claim, ...path));
    expect(found.state).toBe("missing");
    expect(found.state === "missing" && found.paths.map(formatPath)).toEqual([expected]);
  });

  it("is unclear when a defaulted key fits two items", () => {
    const ports = { containers: [{ name: "dns", ports: [{ containerPort: 53 }] }] };
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "dns" },
      spec: ports,
    };
    const item = { "f:containerPort": {} };
    const fields: FieldsV1 = {
      "f:spec": {
        "f:containers": {
          'k:{"name":"dns"}': {
            "f:name": {},
            "f:ports": {
              'k:{"containerPort":53,"protocol":"TCP"}': item,
              'k:{"containerPort":53,"protocol":"UDP"}': item,
            },
          },
        },
      },
    };
    expect(coverage(object, fields).state).toBe("unclear");
  });

  it("takes a bare leaf for an atomic list or map", () => {
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, externalIPs: ["192.0.2.1"] },
    };
    expect(coverage(object, { "f:spec": { "f:selector": {}, "f:externalIPs": {} } })).toEqual({
      state: "covered",
    });
  });

  it("finds members of sets by value", () => {
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "X",
      metadata: { name: "x", finalizers: ["a/b"] },
    };
    expect(coverage(object, { "f:metadata": { "f:finalizers": { 'v:"a/b"': {} } } }).state).toBe(
      "covered",
    );
    expect(coverage(object, { "f:metadata": { "f:finalizers": { 'v:"c/d"': {} } } }).state).toBe(
      "missing",
    );
  });

  it("takes an empty list for covered, for no item of it can be claimed; an empty map is unclear", () => {
    const object = (spec: object): KubeObject => ({
      apiVersion: "v1",
      kind: "X",
      metadata: { name: "x" },
      spec,
    });
    const fields: FieldsV1 = { "f:spec": { "f:a": {} } };
    expect(coverage(object({ a: 1, env: [] }), fields).state).toBe("covered");
    expect(coverage(object({ a: 1, emptyDir: {} }), fields).state).toBe("unclear");
    expect(coverage(object({ a: 1, env: [{ name: "X" }] }), fields).state).toBe("missing");
  });

  it("does not ask for nulls, which are not set", () => {
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "X",
      metadata: { name: "x" },
      spec: { gone: null, there: 1 },
    };
    expect(coverage(object, { "f:spec": { "f:there": {} } }).state).toBe("covered");
  });
});

describe("contentPaths", () => {
  it("leaves out metadata, status and a rollout's restart", () => {
    const fields: FieldsV1 = {
      "f:metadata": { "f:annotations": { "f:note": {} } },
      "f:status": { "f:replicas": {} },
      "f:spec": {
        "f:template": {
          "f:metadata": { "f:annotations": { ".": {}, "f:kubectl.kubernetes.io/restartedAt": {} } },
        },
      },
    };
    expect(contentPaths(fields)).toEqual([]);
  });

  it("names a sidecar that somebody added", () => {
    const fields: FieldsV1 = {
      "f:spec": {
        "f:template": {
          "f:spec": { "f:containers": { 'k:{"name":"side"}': { ".": {}, "f:image": {} } } },
        },
      },
    };
    expect(contentPaths(fields)).toEqual(["spec.template.spec.containers[name=side].image"]);
  });
});

describe("sets of fields", () => {
  it("unite without losing a leaf of either", () => {
    const a: FieldsV1 = { "f:spec": { "f:a": {}, "f:both": { "f:x": {} } } };
    const b: FieldsV1 = { "f:spec": { "f:b": {}, "f:both": { "f:y": {} } } };
    expect(leaves(union(a, b)).sort()).toEqual(["spec.a", "spec.b", "spec.both.x", "spec.both.y"]);
  });

  it("say who holds a field of an object", () => {
    const path = ["spec", "template", "spec", "containers", 0, "image"];
    expect(claims(claim, deployment, path)).toBe(true);
    expect(claims(without(claim, "f:spec", "f:template"), deployment, path)).toBe(false);
  });
});
