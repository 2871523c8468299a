import { expect, test } from "vitest";
import { liveObjectOf } from "../../../src/cluster/live-object.ts";
import { parseExact } from "../../../src/model/exact-json.ts";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";
import { ownershipOf, partOfLabel } from "../../../src/plan/ownership.ts";

const resource: ResourceKind = {
  group: "example.com",
  version: "v1",
  kind: "Thing",
  resource: "things",
  namespaced: true,
  verbs: ["get"],
};

test("an object whose managedFields are too deep to be written is read, and is not ours", () => {
  const { id, fieldManager } = ownershipOf({ namespace: "shop", name: "web" });
  const levels = 9_000;
  const fields = `${'{"f:a":'.repeat(levels)}{}${"}".repeat(levels)}`;
  const live = liveObjectOf(
    parseExact(`{
      "apiVersion": "example.com/v1", "kind": "Thing",
      "metadata": {
        "name": "deep", "namespace": "shop", "labels": { "${partOfLabel}": "${id}" },
        "managedFields": [{ "manager": "${fieldManager}", "operation": "Apply", "fieldsV1": ${fields} }]
      }
    }`) as KubeObject,
    resource,
    ["*"],
  );
  expect(live).toMatchObject({ partOf: id, claim: undefined, managedFields: "[]" });
});
