import { describe, expect, test } from "vitest";
import type { RenderedObject } from "../../../src/model/desired.ts";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";
import { refKey } from "../../../src/model/object.ts";
import { ownershipOf } from "../../../src/plan/ownership.ts";
import { resolveTargets } from "../../../src/plan/targets.ts";

function job(name: string, metadata: KubeObject["metadata"] = { name }): KubeObject {
  return { apiVersion: "batch/v1", kind: "Job", metadata, spec: {} };
}

function resolve(...rendered: RenderedObject[]) {
  const jobs: ResourceKind = {
    group: "batch",
    version: "v1",
    kind: "Job",
    resource: "jobs",
    namespaced: true,
    verbs: [],
  };
  return resolveTargets(rendered, {
    defaultNamespace: "shop",
    ownership: ownershipOf({ namespace: "team-a", name: "shop" }),
    ignoreDifferences: [],
    find: (_apiVersion, kind) => (kind === "Job" ? jobs : undefined),
    jq: () => () => [],
    live: () => undefined,
  });
}

describe("hooks", () => {
  const origin = "templates/migrate.yaml";

  test("are no targets; they are told, with the phase and the file", () => {
    const { targets, others } = resolve(
      { object: job("sell"), origin },
      { object: job("migrate"), origin, hook: "pre-install, pre-upgrade" },
    );
    expect(targets.map(({ key }) => key)).toEqual(["Job.batch shop/sell"]);
    expect(others).toEqual([
      {
        ref: { group: "batch", kind: "Job", namespace: "shop", name: "migrate" },
        outcome: "skipped",
        note: expect.stringContaining(`(pre-install, pre-upgrade)`),
      },
    ]);
    expect(JSON.stringify(others)).toContain(origin);
  });

  test("of a kind that the cluster has not are skipped, not waited for", () => {
    const object: KubeObject = { apiVersion: "x/v1", kind: "X", metadata: { name: "a" } };
    expect(resolve({ object, origin, hook: "test" }).others).toMatchObject([
      { outcome: "skipped" },
    ]);
  });

  test("without a name of their own are told by the beginning of it", () => {
    const { others } = resolve({ object: job("", { generateName: "m-" }), origin, hook: "test" });
    expect(others.map(({ ref }) => refKey(ref))).toEqual(["Job.batch shop/m-*"]);
  });

  test("that are also an ordinary object leave that one alone", () => {
    const { targets, others } = resolve(
      { object: job("migrate"), origin, hook: "pre-install" },
      { object: job("migrate"), origin },
    );
    expect(targets).toHaveLength(1);
    expect(others).toEqual([]);
  });

  test("of Helm 2's crd-install are ordinary objects", () => {
    expect(resolve({ object: job("crd"), origin, hook: "crd-install" }).targets).toHaveLength(1);
  });
});
