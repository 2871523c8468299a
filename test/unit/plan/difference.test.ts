import { expect, test } from "vitest";
import { differingPaths, toldPaths } from "../../../src/plan/difference.ts";

const banner = (text: string, hash: string) => ({
  metadata: { name: "banner", annotations: { "mooring.dev/applied-hash": hash } },
  data: { text },
});
const told = (live: object, wanted: object) => toldPaths(differingPaths(live, wanted));

test("our own hash is not told beside the field that changed it", () => {
  expect(told(banner("summer", "a"), banner("winter", "b"))).toEqual(["data.text"]);
});

test("a hash that differs alone is told: somebody wrote it", () => {
  expect(told(banner("summer", "a"), banner("summer", "b"))).toEqual([
    "metadata.annotations[mooring.dev/applied-hash]",
  ]);
});
