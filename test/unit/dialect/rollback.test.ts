import { expect, test } from "vitest";
import { rollbackOf } from "../../../src/dialect/mooring/rollback.ts";
import { annotations } from "../../../src/model/application.ts";
import type { Problem } from "../../../src/model/problem.ts";

const { rollbackTo, rollbackSkip, rollbackUntil } = annotations;
const good = "1".repeat(40);
const bad = "abcdef0123".repeat(4);

function refusal(given: Record<string, string>): Problem {
  try {
    rollbackOf(given);
  } catch (error) {
    return error as Problem;
  }
  throw new Error("it was taken");
}

test("a rollback is a commit, and perhaps one that is skipped, and a time to the second", () => {
  expect(rollbackOf({ [rollbackTo]: good })).toEqual({ to: good });
  expect(rollbackOf({ [rollbackTo]: "a".repeat(64), [rollbackSkip]: bad })).toEqual({
    to: "a".repeat(64),
    skip: bad,
  });
  for (const text of [
    "2026-01-31T18:00:00Z",
    "2026-01-31t18:00:00.75z",
    "2026-01-31T19:30:00+01:30",
  ])
    expect(rollbackOf({ [rollbackTo]: good, [rollbackUntil]: text })?.until?.toISOString()).toBe(
      "2026-01-31T18:00:00.000Z",
    );
});

test("without a commit to go back to there is no rollback", () => {
  expect(rollbackOf({})).toBeUndefined();
  expect(
    rollbackOf({ [rollbackSkip]: bad, [rollbackUntil]: "2026-01-31T18:00:00Z" }),
  ).toBeUndefined();
});

test.each([
  [rollbackTo, ""],
  [rollbackTo, "main"],
  [rollbackTo, "1".repeat(39)],
  [rollbackTo, "1".repeat(41)],
  [rollbackTo, "A".repeat(40)],
  [rollbackTo, `${good}\n`],
  [rollbackSkip, "HEAD~1"],
  [rollbackUntil, ""],
  [rollbackUntil, "tomorrow"],
  [rollbackUntil, "2026-01-31"],
  [rollbackUntil, "2026-01-31T18:00:00"],
  [rollbackUntil, "2026-01-31 18:00:00Z"],
  [rollbackUntil, "2026-02-30T18:00:00Z"],
  [rollbackUntil, "2026-01-31T25:00:00Z"],
  [rollbackUntil, "+002026-01-31T18:00:00Z"],
])("%s: %j is refused by its name, with or without a rollback", (name, value) => {
  for (const given of [{ [name]: value }, { [rollbackTo]: good, [name]: value }]) {
    const problem = refusal(given);
    expect(problem.code).toBe("InvalidSpec");
    expect(problem.message).toContain(`the annotation ${name} must be`);
  }
});
