import { expect, test } from "vitest";
import type { ApplicationStatus, Rollback } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import { nextStatus, type StatusInput } from "../../../src/status/conditions.ts";
import { eventsFor } from "../../../src/status/events.ts";
import { application, commit, condition, first, later, object, report } from "./fixtures.ts";

const [good, bad] = ["4".repeat(40), first.slice(-40)];
const rollback: Rollback = { to: good, skipped: bad, since: "2026-03-01T12:00:00Z" };
const back = `sha1:${good}`;

function run(
  previous: ApplicationStatus,
  input: Partial<StatusInput>,
  spec: Record<string, unknown> = {},
): ApplicationStatus {
  return nextStatus({
    application: application(spec, { status: previous }),
    now: later(0),
    ...input,
  });
}

const at = (revision: string): Partial<StatusInput> => ({
  revision,
  commit: commit(revision),
  report: report(revision, object("web", "unchanged")),
});
const before = run({}, at(first));
const rolledBack = run(before, { ...at(back), rollback });
const missing = { problem: new Problem("RevisionNotFound", "no such commit"), rollback };

test("Ready names both commits and the end, rolled back or not yet", () => {
  expect(condition(rolledBack, "Ready")).toMatchObject({ status: "True" });
  expect(condition(rolledBack, "Ready").message).toContain(
    `Rolled back to ${good} from ${bad} by mooring.dev/rollback-to, until the source has another commit.`,
  );
  const until = "2026-03-02T00:00:00Z";
  const stuck = run(before, { ...missing, rollback: { ...rollback, until } });
  expect(condition(stuck, "Ready").message).toMatch(
    new RegExp(`^no such commit.* To be rolled back to ${good} from ${bad} .* until ${until}, or`),
  );
});

test("a message that is too long is cut before what it says of the rollback", () => {
  const long = { ...missing, problem: new Problem("RevisionNotFound", "x".repeat(5_000)) };
  const { message } = condition(run(before, long), "Ready");
  expect(message.length).toBeLessThanOrEqual(2_048);
  expect(message).toMatch(/the source has another commit\.$/);
});

test("the rollback is in status until it ends, and stays there while nobody looks", () => {
  expect(rolledBack.rollback).toEqual(rollback);
  expect(run(rolledBack, at(first)).rollback).toBeUndefined();
  expect(run(rolledBack, {}, { suspend: true }).rollback).toEqual(rollback);
});

test("it is a new entry of the history, and so is the same revision after it", () => {
  const again = run(rolledBack, at(first));
  expect(again.history?.map(({ revision }) => revision)).toEqual([first, back, first]);
});

test("it is told once it is done, once, and when it has ended", () => {
  const told = (previous: ApplicationStatus, next: ApplicationStatus, why?: string) =>
    eventsFor({
      previous,
      next,
      mode: "enforce",
      ...(why === undefined ? {} : { rollbackEnd: { to: good, unmade: false, why } }),
    })
      .filter(({ reason }) => reason.startsWith("Roll"))
      .map(({ reason, note }) => `${reason}: ${note}`);
  const asked = run(before, missing);
  expect(told(before, asked)).toEqual([]);
  const done = run(asked, { ...at(back), rollback });
  expect(told(asked, done)).toEqual([expect.stringMatching(/^RolledBack: Rolled back to 4{40}/)]);
  expect(told(done, run(done, { ...at(back), rollback }))).toEqual([]);
  expect(told(done, run(done, at(first)), "its time has come")).toEqual([
    `RollbackEnded: The rollback to ${good} has ended: its time has come.`,
  ]);
});
