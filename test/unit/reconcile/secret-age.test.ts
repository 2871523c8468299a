import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/model/object.ts";
import { valueWrittenAt } from "../../../src/reconcile/secret-age.ts";

const made = "2026-01-01T00:00:00Z";

function secret(...entries: { time?: string; fields: string[] }[]): KubeObject {
  const managedFields = entries.map(({ time, fields }) => ({
    manager: "somebody",
    operation: "Update",
    ...(time === undefined ? {} : { time }),
    fieldsV1: Object.fromEntries(fields.map((field) => [field, {}])),
  }));
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "robot", namespace: "team-a", creationTimestamp: made, managedFields },
  } as KubeObject;
}

describe("when the value of a Secret was written", () => {
  test("is the latest time of those who own its data", () => {
    const rotated = "2026-03-01T00:00:00Z";
    const entries = [
      { time: made, fields: ["f:data", "f:type"] },
      { time: rotated, fields: ["f:data"] },
    ];
    expect(valueWrittenAt(secret(...entries))).toBe(Date.parse(rotated));
  });

  test("is not moved by who owns labels only", () => {
    const labelled = { time: "2026-05-01T00:00:00Z", fields: ["f:metadata"] };
    expect(valueWrittenAt(secret({ time: made, fields: ["f:data"] }, labelled))).toBe(
      Date.parse(made),
    );
  });

  test("is when it was made, where nobody is said to own the data", () => {
    expect(valueWrittenAt(secret())).toBe(Date.parse(made));
    expect(valueWrittenAt(secret({ fields: ["f:data"] }))).toBe(Date.parse(made));
  });

  test("is not known of an object that has no times at all", () => {
    const bare = { apiVersion: "v1", kind: "Secret", metadata: { name: "robot" } };
    expect(valueWrittenAt(bare as KubeObject)).toBeUndefined();
  });
});
