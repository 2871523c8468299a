import { expect, test } from "vitest";
import { type Figure, isMissed, missedGoal } from "../../bench/figure.ts";
import { imageOf, readImage } from "../../bench/image.ts";
import { installFigures, type Round } from "../../bench/install.ts";
import { requestCounts } from "../../bench/requests.ts";
import { median, percentile } from "../../bench/statistics.ts";
import { table } from "../../bench/table.ts";
import type { AuditEntry } from "../../e2e/harness/audit.ts";

const heal: Figure = { scenario: "B4", what: "healed", value: 50, unit: "ms", atMost: 50 };

test("a goal is met at its bound and missed above it, and by what is not a number", () => {
  expect(isMissed(heal)).toBe(false);
  expect(isMissed({ ...heal, value: 50.1 })).toBe(true);
  expect(isMissed({ ...heal, value: Number.NaN })).toBe(true);
  const cores: Figure = { scenario: "R", what: "cores", value: 80, unit: "%", atLeast: 80 };
  expect(isMissed(cores)).toBe(false);
  expect(isMissed({ ...cores, value: 79.9 })).toBe(true);
  expect(isMissed({ ...cores, value: Number.NaN })).toBe(true);
  expect(missedGoal({ ...cores, value: 79.9 })).toBe("R cores: 79.9 %, goal >= 80 %");
  const { atMost: _, ...free } = heal;
  expect(isMissed({ ...free, value: 1e9 })).toBe(false);
});

test("a missed goal is named with what was measured", () => {
  expect(missedGoal({ ...heal, value: 61.37 })).toBe("B4 healed: 61.4 ms, goal <= 50 ms");
  const lines = table([heal, { ...heal, value: 61.37 }]).split("\n");
  expect(lines.map((line) => line.split(/\s{2,}/))).toEqual([
    ["", "what", "measured", "goal"],
    ["B4", "healed", "50 ms", "<= 50 ms", "ok"],
    ["B4", "healed", "61.4 ms", "<= 50 ms", "MISSED"],
  ]);
});

test("percentiles are values that were measured", () => {
  const sample = [40, 10, 30, 20];
  expect(median(sample)).toBe(20);
  expect(percentile(sample, 0.99)).toBe(40);
  expect(percentile([7], 0.5)).toBe(7);
  expect(sample).toEqual([40, 10, 30, 20]);
  expect(() => median([])).toThrow(RangeError);
});

function round(floorSeconds: number, seconds: number, objectWrites: number): Round {
  return {
    floorSeconds,
    installation: {
      seconds,
      creatingSeconds: 0.1,
      objects: 4,
      requests: { all: 8, objectWrites, objectReads: 0, objectDryRuns: 0, applications: 4 },
      cpuSeconds: 1,
      residentMiB: 200,
    },
  };
}

test("an install is held to the floor of its own round, and one apply too many is told", () => {
  const figures = installFigures([round(1, 1.5, 4), round(4, 10, 4), round(1, 1.8, 5)]);
  expect(figures.filter(isMissed).map(missedGoal)).toEqual([
    "B1 applies: 1.25 per object, goal <= 1 per object",
  ]);
  const ratio = figures.find(({ what, unit }) => what === "install" && unit === "x floor");
  expect(ratio).toMatchObject({ value: 1.8, atMost: 2 });
});

function entry(verb: string, resource: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    stage: "ResponseComplete",
    verb,
    requestURI: `/${resource}`,
    user: { username: "controller" },
    objectRef: { resource, ...(resource === "applications" ? { apiGroup: "mooring.dev" } : {}) },
    requestReceivedTimestamp: "2026-01-01T00:00:00Z",
    ...more,
  };
}

test("requests are counted by what they are for; watches and Leases are none", () => {
  expect(
    requestCounts([
      entry("patch", "configmaps"),
      entry("patch", "configmaps", { requestURI: "/configmaps?dryRun=All" }),
      entry("get", "configmaps"),
      entry("watch", "configmaps"),
      entry("patch", "applications"),
      entry("patch", "leases"),
    ]),
  ).toEqual({ all: 4, objectWrites: 1, objectReads: 1, objectDryRuns: 1, applications: 1 });
});

test("what is measured runs with the image's variables and Node's flags", async () => {
  const stage = 'ENV A=1 B_=two\nUSER 1\nENV C=/a=b\nENTRYPOINT ["node", "--flag=1", "/main.js"]';
  expect(imageOf(stage)).toEqual({
    env: { A: "1", B_: "two", C: "/a=b" },
    nodeFlags: ["--flag=1"],
  });
  expect(() => imageOf('ENTRYPOINT ["sh"]')).toThrow("ENTRYPOINT runs no node");
  expect((await readImage()).env).toMatchObject({ NODE_ENV: "production" });
});
