import { expect, test } from "vitest";
import { parseLine, readableLine } from "../../../../src/cli/logs/controller-line.ts";
import { compareTimes, inOrder } from "../../../../src/cli/logs/pod-log.ts";

test("a line of the controller's log is told with what it holds, in one line", () => {
  const text = JSON.stringify({
    level: "warn",
    time: "2026-01-01T00:00:00.000Z",
    app: "shop/web",
    revision: "main@sha1:1",
    object: "Deployment.apps shop/web",
    fields: ["spec.replicas"],
    ms: 12,
    err: { message: "it says \u001b[31mno\nmore" },
    msg: "apply failed",
  });
  expect(readableLine(parseLine(text) ?? {}, false)).toBe(
    '2026-01-01T00:00:00.000Z  warn   apply failed: it says \ufffd[31mno more  object="Deployment.apps shop/web" fields=["spec.replicas"] ms=12',
  );
});

test("what is no line of JSON is none of the controller's", () => {
  for (const text of ["", "<--- Last few GCs --->", "null", "7", '{"app":'])
    expect(parseLine(text)).toBeUndefined();
});

test("lines of several containers come in the order of time, to the nanosecond", () => {
  const line = (pod: string, time: string) => ({
    container: { namespace: "shop", pod, name: "app" },
    time,
    text: "",
  });
  const times = [
    "2026-01-01T00:00:00.000000002Z",
    "2026-01-01T00:00:00.1Z",
    "2026-01-01T00:00:00.000000001Z",
    "2026-01-01T01:00:00+01:00",
  ];
  expect(inOrder(times.map((time) => line("a", time))).map(({ time }) => time)).toEqual([
    ...["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000000001Z"],
    ...["2026-01-01T00:00:00.000000002Z", "2026-01-01T00:00:00.1Z"],
  ]);
  expect(compareTimes("", "2026-01-01T00:00:00Z")).toBeLessThan(0);
  expect(compareTimes("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z")).toBe(0);
});
