import { expect, test } from "vitest";
import { withFieldsAsLive, withIgnoredAsLive } from "../../../../src/cli/diff/live-values.ts";
import type { FieldsV1, KubeObject } from "../../../../src/model/object.ts";

const pod = (containers: object[], fieldsV1?: FieldsV1): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "a",
    ...(fieldsV1 === undefined
      ? {}
      : { managedFields: [{ manager: "mooring.x", operation: "Apply", fieldsV1 }] }),
  },
  spec: { containers },
});
const claim: FieldsV1 = {
  "f:spec": {
    "f:containers": {
      'k:{"name":"app"}': { ".": {}, "f:name": {}, "f:image": {} },
      'k:{"name":"side"}': { ".": {}, "f:name": {} },
    },
  },
};
const wanted = pod([
  { name: "app", image: "new" },
  { name: "side", image: "new" },
]);
/** In another order, as an admission webhook may leave it. */
const live = pod(
  [
    { name: "side", image: "side-live" },
    { name: "app", image: "app-live" },
  ],
  claim,
);
const image = (index: number) => ["spec", "containers", index, "image"];

test("an ignored field that we hold stays as it is, found by its item's key; one that we do not is left out", () => {
  const object = withIgnoredAsLive(wanted, [image(0), image(1)], live, "mooring.x");
  expect(object.spec).toEqual({
    containers: [{ name: "app", image: "app-live" }, { name: "side" }],
  });
  expect(wanted.spec).toEqual({
    containers: [
      { name: "app", image: "new" },
      { name: "side", image: "new" },
    ],
  });
});

test("an ignored field that the cluster does not have is left out", () => {
  const bare = pod([{ name: "app" }], claim);
  const object = withIgnoredAsLive(wanted, [image(0)], bare, "mooring.x");
  expect(object.spec).toEqual({ containers: [{ name: "app" }, { name: "side", image: "new" }] });
});

test("fields that are taken as they are in the cluster keep their own value where it has none", () => {
  const bare = pod([{ name: "app" }], claim);
  expect(withFieldsAsLive(wanted, [image(0)], bare, "mooring.x")).toEqual(wanted);
  expect(withFieldsAsLive(wanted, [image(0)], live, "mooring.x").spec).toEqual({
    containers: [
      { name: "app", image: "app-live" },
      { name: "side", image: "new" },
    ],
  });
});
