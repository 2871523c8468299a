import { describe, expect, it } from "vitest";
import type { IgnoreDifference } from "../../../src/model/application.ts";
import type { FieldsV1, KubeObject } from "../../../src/model/object.ts";
import { handOverBody, ignoredPaths, leaveOut, rulesFor } from "../../../src/plan/ignore.ts";

const web: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          { name: "side", image: "side:1" },
          { name: "web", image: "web:1" },
        ],
      },
    },
  },
};

const rule = (more: Partial<IgnoreDifference>): IgnoreDifference => ({
  group: "apps",
  kind: "Deployment",
  ...more,
});
const noJq = () => [];

describe("rulesFor", () => {
  it.each([
    [rule({}), true],
    [rule({ name: "web" }), true],
    [rule({ name: "api" }), false],
    [rule({ namespace: "other" }), false],
    [{ kind: "Deployment" }, false],
    [{ group: "*", kind: "*" }, true],
  ])("%j fits: %s", (one, fits) => {
    expect(rulesFor(web, [one]).length === 1).toBe(fits);
  });
});

describe("ignoredPaths", () => {
  it("resolves pointers against the object and drops what it does not set", () => {
    const rules = [
      rule({
        jsonPointers: ["/spec/replicas", "/spec/paused", "/spec/template/spec/containers/1/image"],
      }),
    ];
    expect(ignoredPaths(web, rules, noJq, [])).toEqual([
      ["spec", "replicas"],
      ["spec", "template", "spec", "containers", 1, "image"],
    ]);
  });

  it("lets a parent swallow its children and never ignores identity", () => {
    const rules = [
      rule({ jsonPointers: ["/spec", "/spec/replicas", "/kind", "/metadata/name", "/metadata"] }),
    ];
    expect(ignoredPaths(web, rules, noJq, [])).toEqual([["spec"]]);
  });

  it("takes all fields of another manager, down to its leaves", () => {
    const fieldsV1: FieldsV1 = {
      "f:spec": {
        "f:replicas": {},
        "f:template": { "f:spec": { "f:containers": { 'k:{"name":"web"}': { "f:image": {} } } } },
      },
    };
    const rules = [rule({ managedFieldsManagers: ["scaler"] })];
    expect(
      ignoredPaths(web, rules, noJq, [{ manager: "scaler", operation: "Update", fieldsV1 }]),
    ).toEqual([
      ["spec", "replicas"],
      ["spec", "template", "spec", "containers", 1, "image"],
    ]);
  });
});

describe("leaveOut", () => {
  it("removes fields and list items without moving others, and leaves the original alone", () => {
    const copy = structuredClone(web);
    const containers = ["spec", "template", "spec", "containers"];
    const left = leaveOut(web, [
      ["spec", "replicas"],
      [...containers, 0],
      [...containers, 1, "image"],
    ]);
    expect(left.spec).toEqual({ template: { spec: { containers: [{ name: "web" }] } } });
    expect(web).toEqual(copy);
  });
});

describe("handOverBody", () => {
  it("carries live values with the keys of their list items, found by key and not by place", () => {
    const live = structuredClone(web);
    (live.spec as { replicas: number }).replicas = 7;
    (
      live as unknown as { spec: { template: { spec: { containers: unknown[] } } } }
    ).spec.template.spec.containers = [
      { name: "web", image: "web:2" },
      { name: "side", image: "side:1" },
    ];
    const claim: FieldsV1 = {
      "f:spec": {
        "f:replicas": {},
        "f:template": { "f:spec": { "f:containers": { 'k:{"name":"web"}': { "f:image": {} } } } },
      },
    };
    const paths = [
      ["spec", "replicas"],
      ["spec", "template", "spec", "containers", 1, "image"],
    ];
    expect(handOverBody(live, web, paths, claim)).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop" },
      spec: { replicas: 7, template: { spec: { containers: [{ name: "web", image: "web:2" }] } } },
    });
  });
});
