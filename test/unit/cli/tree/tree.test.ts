import { expect, test } from "vitest";
import { kindsOwnedBy } from "../../../../src/cli/tree/owned.ts";
import { treeOf } from "../../../../src/cli/tree/tree.ts";
import type { KubeObject } from "../../../../src/model/object.ts";

function object(apiVersion: string, kind: string, name: string, rest: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { namespace: "shop", name, uid: name }, ...rest };
}
const nothing = { byOwner: new Map(), unreadable: [] };
const app = (status: object) => object("mooring.dev/v1alpha1", "Application", "web", { status });

test("only kinds that something makes for these are looked for", () => {
  expect(kindsOwnedBy([object("v1", "ConfigMap", "a"), object("v1", "Secret", "b")])).toEqual([]);
  expect(kindsOwnedBy([object("batch/v1", "CronJob", "a")])).toEqual(["Job.batch", "Pod"]);
  expect(kindsOwnedBy([object("v1", "Service", "a")])).toEqual(["EndpointSlice.discovery.k8s.io"]);
  expect(kindsOwnedBy([object("argoproj.io/v1alpha1", "Rollout", "a")])).toContain(
    "ReplicaSet.apps",
  );
});

test("an object is Synced only where the status can say so", () => {
  const members = { objects: [object("v1", "ConfigMap", "a")], besides: [], unreadable: [] };
  const syncOf = (status: object) => treeOf(app(status), members, nothing).objects[0]?.sync;
  const problem = (state: string, name = "a") => ({
    group: "",
    kind: "ConfigMap",
    namespace: "shop",
    name,
    state,
    message: "why",
  });
  expect(syncOf({ sync: "Synced" })).toBe("Synced");
  expect(syncOf({})).toBe("Unknown");
  expect(syncOf({ sync: "Unknown" })).toBe("Unknown");
  expect(syncOf({ sync: "OutOfSync", problems: [problem("drifted")] })).toBe("OutOfSync");
  // Not well, and still as Git says.
  expect(syncOf({ sync: "Synced", problems: [problem("Degraded")] })).toBe("Synced");
  // The list of problems is full: this one may be among those that it does not name.
  const many = Array.from({ length: 20 }, (_, at) => problem("drifted", `other-${at}`));
  expect(syncOf({ sync: "OutOfSync", problems: many })).toBe("Unknown");
});

test("what is wanted and not there is Missing; what could not be read is Unknown", () => {
  const ref = (name: string) => ({ group: "", kind: "ConfigMap", namespace: "shop", name });
  const problems = ["gone", "unread"].map((name) => ({
    ...ref(name),
    state: "failed",
    message: "why",
  }));
  const besides = [
    { ref: ref("gone"), object: undefined },
    { ref: ref("unread"), object: "unknown" as const },
  ];
  const tree = treeOf(
    app({ sync: "OutOfSync", problems }),
    { objects: [], besides, unreadable: [] },
    nothing,
  );
  expect(tree.objects).toMatchObject([
    { name: "gone", health: "Missing", sync: "OutOfSync", message: "why" },
    { name: "unread", health: "Unknown", sync: "OutOfSync", message: "why" },
  ]);
});

test("owners who own each other are shown once, not for ever", () => {
  const [a, b] = [object("v1", "ConfigMap", "a"), object("v1", "ConfigMap", "b")];
  const owned = {
    byOwner: new Map([
      ["a", [b]],
      ["b", [a]],
    ]),
    unreadable: [],
  };
  const tree = treeOf(app({}), { objects: [a], besides: [], unreadable: [] }, owned);
  expect(tree.objects[0]?.owned).toMatchObject([{ name: "b", owned: [] }]);
});
