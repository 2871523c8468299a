import { expect, test } from "vitest";
import { apiVersionsOf, isKnown } from "../../../src/cluster/api-versions.ts";
import type { GroupVersion } from "../../../src/cluster/discovery-documents.ts";

function served(group: string, version: string, kinds: string[], unknown = false): GroupVersion {
  const resources = kinds.map((kind) => ({
    group,
    version,
    kind,
    resource: kind.toLowerCase(),
    namespaced: true,
    verbs: [],
  }));
  return { group, version, unknown, resources };
}

test("groups with versions, and their kinds, sorted and each once", () => {
  const list = apiVersionsOf(
    [
      served("apps", "v1", ["Deployment", "StatefulSet", "Deployment"]),
      served("", "v1", ["Pod"]),
      served("empty.example", "v1", []),
    ],
    undefined,
  );
  expect(list).toMatchObject({
    list: [
      "apps/v1",
      "apps/v1/Deployment",
      "apps/v1/StatefulSet",
      "empty.example/v1",
      "v1",
      "v1/Pod",
    ],
  });
});

test("the digest tells of a change of the set, not of its order", () => {
  const [apps, core] = [served("apps", "v1", ["Deployment"]), served("", "v1", ["Pod"])];
  const one = apiVersionsOf([apps, core], undefined);
  expect(apiVersionsOf([core, apps], one)).toBe(one);
  const more = apiVersionsOf([apps, core, served("x", "v1", ["Y"])], one);
  if (!isKnown(one) || !isKnown(more)) throw new Error("unknown");
  expect(more.digest).not.toBe(one.digest);
});

test("half a list is no list: it is unknown, and says which APIService to mend", () => {
  const silent = served("metrics.k8s.io", "v1beta1", [], true);
  const known = served("", "v1", ["Pod"]);
  const list = apiVersionsOf([known, silent], apiVersionsOf([known], undefined));
  expect(list).toEqual({
    unknown: expect.stringContaining("v1beta1.metrics.k8s.io"),
    answered: ["metrics.k8s.io/v1beta1", "v1", "v1/Pod"],
  });
});

test("what a group had counts while it does not answer", () => {
  const before = served("metrics.k8s.io", "v1beta1", ["NodeMetrics"], true);
  expect(apiVersionsOf([before], undefined)).toMatchObject({
    list: ["metrics.k8s.io/v1beta1", "metrics.k8s.io/v1beta1/NodeMetrics"],
  });
});
