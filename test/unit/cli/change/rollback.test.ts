import { expect, test } from "vitest";
import type { Cluster } from "../../../../src/cli/access/cluster.ts";
import { rollback } from "../../../../src/cli/change/rollback.ts";
import type { Surroundings } from "../../../../src/cli/verb.ts";

test("what somebody wrote into the annotation does nothing to the terminal", async () => {
  const annotations = { "mooring.dev/rollback-to": "\u001bc\u001b[2J\u202ex" };
  const applications = {
    get: async () => ({ apiVersion: "", kind: "", metadata: { name: "web", annotations } }),
    patch: async () => ({}),
  };
  const cluster = { namespace: "shop", applications } as unknown as Cluster;
  const written: string[] = [];
  const terminal = { write: (text: string) => void written.push(text), note: () => {} };
  const flags = { end: true, wait: false, timeout: "1s" } as const;
  const surroundings = { terminal } as unknown as Surroundings;
  expect(await rollback(cluster, "web", undefined, flags, surroundings)).toBe(0);
  expect(written).toEqual([
    "shop/web follows its source again, no longer \ufffdc\ufffd[2J\ufffdx\n",
  ]);
});
