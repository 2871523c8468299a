import { expect, test } from "vitest";
import { ageOf, humanDuration } from "../../../../src/cli/output/age.ts";

const [s, m, h, d] = [1_000, 60_000, 3_600_000, 86_400_000];

/** The cases of TestHumanDuration in k8s.io/apimachinery, and the edges between its notations. */
test.each([
  [0, "0s"],
  [s, "1s"],
  [-s, "0s"],
  [-2 * s, "<invalid>"],
  [70 * s, "70s"],
  [119 * s, "119s"],
  [2 * m, "2m"],
  [190 * s, "3m10s"],
  [10 * m, "10m"],
  [70 * m, "70m"],
  [179 * m, "179m"],
  [3 * h, "3h"],
  [5 * h + 20 * m, "5h20m"],
  [8 * h + 20 * m, "8h"],
  [47 * h, "47h"],
  [2 * d, "2d"],
  [2 * d + 20 * m, "2d"],
  [5 * d + 23 * h, "5d23h"],
  [8 * d + 23 * h, "8d"],
  [365 * d, "365d"],
  [2 * 365 * d, "2y"],
  [3 * 365 * d + 4 * d, "3y4d"],
  [8 * 365 * d + 4 * d, "8y"],
])("%i ms are %s", (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test("what has no time has no age", () => {
  const now = new Date("2026-01-01T00:00:10Z");
  expect(ageOf("2026-01-01T00:00:00Z", now)).toBe("10s");
  for (const time of [undefined, null, "", "soon"]) expect(ageOf(time, now)).toBe("<unknown>");
});
