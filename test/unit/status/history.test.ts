import { expect, test } from "vitest";
import type { ApplicationStatus } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import type { ObjectReport } from "../../../src/model/report.ts";
import { nextStatus } from "../../../src/status/conditions.ts";
import { deliveryOf } from "../../../src/status/metrics/deployments.ts";
import {
  application,
  commit,
  deployment,
  first,
  later,
  object,
  report,
  second,
} from "./fixtures.ts";

const healthy = object("web", "unchanged");
const rolling = object("web", "configured", { health: { state: "Progressing" } });
const broken = object("web", "unchanged", { health: { state: "Degraded", message: "crash" } });
const refused: ObjectReport = {
  ref: deployment("role"),
  outcome: "refused",
  problem: new Problem("Forbidden", "no", { object: deployment("role") }),
};

/** A line of runs: seconds, revision, objects. */
function runs(
  spec: Record<string, unknown>,
  ...steps: [number, string, ...ObjectReport[]][]
): ApplicationStatus[] {
  let status: ApplicationStatus = {};
  return steps.map(([seconds, revision, ...objects]) => {
    status = nextStatus({
      application: application(spec, { status }),
      now: later(seconds),
      revision,
      commit: commit(revision),
      report: report(revision, ...objects),
    });
    return status;
  });
}

function results(status: ApplicationStatus | undefined): string[] {
  return (status?.history ?? []).map(({ revision, result }) => `${revision.slice(-1)} ${result}`);
}

test("a revision is Deployed when applied, Healthy when healthy; both with their time", () => {
  const [deployed, done] = runs({}, [0, first, rolling], [30, first, healthy]);
  expect(deployed?.history).toEqual([
    {
      revision: first,
      author: "Ada",
      message: "Raise replicas",
      committedAt: "2026-03-01T11:59:00Z",
      deployedAt: "2026-03-01T12:00:00Z",
      result: "Deployed",
    },
  ]);
  expect(done?.history?.[0]).toMatchObject({
    deployedAt: "2026-03-01T12:00:00Z",
    healthyAt: "2026-03-01T12:00:30Z",
    result: "Healthy",
  });
});

test("the newest comes first, and one that never was healthy is Superseded", () => {
  const [, last] = runs({}, [0, first, rolling], [10, second, healthy]);
  expect(results(last)).toEqual(["2 Healthy", "1 Superseded"]);
});

test("one that degrades before it was healthy is Failed, and Healthy once it recovers", () => {
  const [, failed, recovered] = runs(
    {},
    [0, first, rolling],
    [10, first, broken],
    [60, first, healthy],
  );
  expect(results(failed)).toEqual(["1 Failed"]);
  expect(results(recovered)).toEqual(["1 Healthy"]);
});

test("one that was healthy stays Healthy, whatever comes later", () => {
  const [, last] = runs({}, [0, first, healthy], [10, first, broken]);
  expect(results(last)).toEqual(["1 Healthy"]);
});

test("one with an object that is refused is Failed, and deployed when it is not any more", () => {
  const [failed, fixed] = runs({}, [0, first, healthy, refused], [90, first, healthy]);
  expect(results(failed)).toEqual(["1 Failed"]);
  expect(fixed?.history?.[0]).toMatchObject({
    result: "Healthy",
    deployedAt: "2026-03-01T12:01:30Z",
  });
});

test("going back to an earlier revision is a deployment of its own", () => {
  const [, , last] = runs({}, [0, first, healthy], [10, second, healthy], [20, first, healthy]);
  expect(results(last)).toEqual(["1 Healthy", "2 Healthy", "1 Healthy"]);
});

test("it keeps as many as historyLimit says", () => {
  const steps = Array.from(
    { length: 5 },
    (_, index) =>
      [index, `${first.slice(0, -1)}${index}`, healthy] as [number, string, ObjectReport],
  );
  expect(results(runs({ historyLimit: 2 }, ...steps).at(-1))).toEqual(["4 Healthy", "3 Healthy"]);
});

test("warn and observe deploy nothing", () => {
  expect(runs({ mode: "warn" }, [0, first, healthy])[0]?.history).toEqual([]);
});

test("a deployment's result is counted once, its lead time when it becomes healthy", () => {
  const steps = runs(
    {},
    [0, first, rolling],
    [10, first, broken],
    [60, first, healthy],
    [70, first, broken],
    [80, second, rolling],
    [90, `${first.slice(0, -1)}3`, healthy],
  );
  const delivered = steps.map((next, index) => deliveryOf(steps[index - 1] ?? {}, next));
  expect(delivered).toEqual([
    { results: [] },
    { results: ["failed"] },
    { results: [], leadTime: 120 },
    { results: [] },
    { results: [] },
    { results: ["superseded", "healthy"], leadTime: 150 },
  ]);
});

test("a commit from the future has a lead time of 0, never less", () => {
  const status = nextStatus({
    application: application(),
    now: later(0),
    revision: first,
    commit: { ...commit(first), time: "2030-01-01T00:00:00Z" },
    report: report(first, healthy),
  });
  expect(deliveryOf({}, status).leadTime).toBe(0);
});
