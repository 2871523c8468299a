import { expect, test } from "vitest";
import { Problem, type ProblemCode } from "../../../src/model/problem.ts";
import { nextRetry } from "../../../src/reconcile/retry.ts";
import type { ApplicationState } from "../../../src/reconcile/state.ts";

const defaults = { limit: -1, backoff: { duration: "2s", factor: 2, maxDuration: "3m" } };

/** Seconds until the next try after so many failures, without jitter. */
function pause(code: ProblemCode, failures: number, retry = defaults): number {
  const state = { failures, application: { spec: { retry } } } as unknown as ApplicationState;
  return nextRetry(state, new Problem(code, "seen"), () => 0) / 1000;
}

test("a transient failure is tried again ever later, by the application's own pauses", () => {
  expect([1, 2, 3, 30].map((failures) => pause("SourceUnreachable", failures))).toEqual([
    4, 8, 16, 180,
  ]);
});

test("what waits for somebody is tried again soon at first, and for ever within a minute", () => {
  expect([1, 2, 3, 4, 30].map((failures) => pause("SourceUnauthorized", failures))).toEqual([
    4, 8, 16, 30, 30,
  ]);
  const slow = { limit: -1, backoff: { duration: "10m", factor: 2, maxDuration: "1h" } };
  expect(pause("Forbidden", 1, slow)).toBe(30);
});

test("a terminal failure waits for a change, and so does what has used up its tries", () => {
  expect(pause("InvalidManifest", 1)).toBe(Number.POSITIVE_INFINITY);
  expect(pause("Forbidden", 3, { ...defaults, limit: 2 })).toBe(Number.POSITIVE_INFINITY);
});
