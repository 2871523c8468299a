import { expect, test } from "vitest";
import { cleaned } from "../../../../src/cli/export/clean.ts";
import { annotations } from "../../../../src/model/application.ts";

test("of an Application stays what somebody wrote, and no order that was for once", () => {
  const spec = { source: { git: { url: "https://git.example/shop.git" } } };
  const once = [
    annotations.refresh,
    annotations.approvePrune,
    annotations.rollbackTo,
    annotations.rollbackSkip,
    annotations.rollbackUntil,
  ];
  const object = {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: {
      name: "web",
      namespace: "shop",
      uid: "1",
      resourceVersion: "2",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "kubectl" }],
      finalizers: ["mooring.dev/deletion-policy"],
      ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "4" }],
      labels: { team: "shop", "applyset.kubernetes.io/id": "applyset-x-v1" },
      annotations: {
        "team.example/contact": "#shop",
        "applyset.kubernetes.io/tooling": "mooring/v1",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        ...Object.fromEntries(once.map((name) => [name, "x"])),
      },
    },
    spec,
    status: { sync: "Synced" },
  };
  expect(cleaned(object)).toEqual({
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: {
      name: "web",
      namespace: "shop",
      labels: { team: "shop" },
      annotations: { "team.example/contact": "#shop" },
    },
    spec,
  });
  const bare = {
    ...object,
    metadata: { name: "web", namespace: "shop", labels: { "applyset.kubernetes.io/id": "x" } },
  };
  expect(cleaned(bare).metadata).toEqual({ name: "web", namespace: "shop" });
});
