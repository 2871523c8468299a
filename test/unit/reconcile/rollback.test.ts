import { describe, expect, test } from "vitest";
import { annotations, type Rollback } from "../../../src/model/application.ts";
import { decideRollback, endsIn, isCurrent } from "../../../src/reconcile/rollback.ts";
import type { SourceTracking } from "../../../src/reconcile/source.ts";
import { ApplicationState, type Desired } from "../../../src/reconcile/state.ts";
import type { SourceState } from "../../../src/source/tracking.ts";
import { application, commit } from "../status/fixtures.ts";

const [good, bad, next] = ["1", "2", "3"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
];
const now = new Date("2026-03-01T12:00:00.500Z");
const since = "2026-03-01T12:00:00Z";
const before: Rollback = { to: good, skipped: bad, since: "2026-02-28T09:00:00Z" };

describe("a rollback", () => {
  test("begins now, and skips what the ref is at, unless it names what to skip", () => {
    const rollback = { to: good, skipped: bad, since };
    expect(decideRollback({ to: good }, undefined, bad, now)).toEqual({
      state: "pinned",
      rollback,
    });
    expect(decideRollback({ to: good, skip: bad }, undefined, bad, now)).toEqual({
      state: "pinned",
      rollback,
    });
  });

  test("goes on for as long as the ref is at the commit that was skipped first", () => {
    expect(decideRollback({ to: good }, before, bad, now)).toEqual({
      state: "pinned",
      rollback: before,
    });
    expect(decideRollback({ to: good }, before, next, now)).toEqual({
      state: "ended",
      why: `the source is at ${next}, no longer at ${bad}`,
    });
  });

  test("ends when its time has come, at whatever commit the ref is", () => {
    const until = new Date("2026-03-01T12:00:00Z");
    expect(decideRollback({ to: good, until }, before, bad, now)).toEqual({
      state: "ended",
      why: "2026-03-01T12:00:00Z has passed",
    });
    const later = new Date("2026-03-01T12:00:01Z");
    expect(decideRollback({ to: good, until: later }, before, bad, now)).toEqual({
      state: "pinned",
      rollback: { ...before, until: "2026-03-01T12:00:01Z" },
    });
  });

  test("to another commit, or from another, is another one, that begins now", () => {
    expect(decideRollback({ to: next }, before, bad, now)).toEqual({
      state: "pinned",
      rollback: { to: next, skipped: bad, since },
    });
    expect(decideRollback({ to: good, skip: next }, before, next, now)).toEqual({
      state: "pinned",
      rollback: { to: good, skipped: next, since },
    });
  });

  test("that nobody asks for any more ends; where there was none there is nothing", () => {
    expect(decideRollback(undefined, before, bad, now)).toEqual({
      state: "ended",
      why: "the annotation mooring.dev/rollback-to was removed",
    });
    expect(decideRollback(undefined, undefined, bad, now)).toEqual({ state: "none" });
  });
});

test("the end of a rollback is waited for, and not once more when it has passed", () => {
  expect(endsIn(undefined, now)).toBeUndefined();
  expect(endsIn(before, now)).toBeUndefined();
  expect(endsIn({ ...before, until: "2026-03-01T12:00:02Z" }, now)).toBe(1_500);
  expect(endsIn({ ...before, until: "2026-03-01T12:00:00Z" }, now)).toBeUndefined();
});

describe("what is deployed is current", () => {
  function state(head: string, deployed: string, rollback?: Rollback, asked = rollback?.to) {
    const notes = asked === undefined ? {} : { [annotations.rollbackTo]: asked };
    const made = new ApplicationState(application({}, { annotations: notes }));
    const look = { state: "known", commit: head, revision: `main@sha1:${head}` } as SourceState;
    made.source = { tracking: { current: () => look } } as unknown as SourceTracking;
    made.desired = { revision: deployed, commit: commit(deployed) } as Desired;
    made.rollback = rollback;
    return made;
  }

  test("at the commit of the ref", () => {
    expect(isCurrent(state(bad, `main@sha1:${bad}`), now)).toBe(true);
    expect(isCurrent(state(bad, `main@sha1:${good}`), now)).toBe(false);
  });

  test("at the commit of a rollback, while the ref is at the skipped one and its end has not come", () => {
    expect(isCurrent(state(bad, `sha1:${good}`, before), now)).toBe(true);
    expect(isCurrent(state(bad, `main@sha1:${bad}`, before), now)).toBe(false);
    expect(isCurrent(state(next, `sha1:${good}`, before), now)).toBe(false);
    expect(isCurrent(state(bad, `sha1:${good}`, { ...before, until: since }), now)).toBe(false);
  });

  test("and not while what is asked for has not been looked at", () => {
    expect(isCurrent(state(bad, `main@sha1:${bad}`, undefined, good), now)).toBe(false);
    expect(isCurrent(state(bad, `sha1:${good}`, before, next), now)).toBe(false);
  });
});
