import { expect, test } from "vitest";
import { columnsOf, messageOf } from "../../../../src/cli/get/columns.ts";

const shop = (spec: object, message: string) => ({
  apiVersion: "mooring.dev/v1alpha1",
  kind: "Application",
  metadata: {
    name: "shop",
    namespace: "team-a",
    annotations: { "mooring.dev/suspend-reason": "incident 4711" },
  },
  spec,
  status: { conditions: [{ type: "Ready", status: "Unknown", reason: "Suspended", message }] },
});

test("of a suspended Application is said why somebody did it, and of no other", () => {
  expect(messageOf(shop({ suspend: true }, "It does nothing."))).toBe(
    "incident 4711. It does nothing.",
  );
  expect(messageOf(shop({ suspend: false }, "It is applied."))).toBe("It is applied.");
});

test("where what Ready says stands below the list, no column has it", () => {
  const headers = (named: boolean) =>
    columnsOf({ namespaces: false, wide: true, named }, () => new Date(0)).map(
      ({ header }) => header,
    );
  expect(headers(false)).toContain("MESSAGE");
  expect(headers(true)).not.toContain("MESSAGE");
});
