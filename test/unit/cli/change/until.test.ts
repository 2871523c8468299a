import { describe, expect, it } from "vitest";
import { endOf } from "../../../../src/cli/change/until.ts";

const now = new Date("2026-11-21T12:00:00.700Z");

describe("the end of a rollback", () => {
  it.each([
    ["2h", "2026-11-21T14:00:00Z"],
    ["1h30m", "2026-11-21T13:30:00Z"],
    ["2d", "2026-11-23T12:00:00Z"],
    ["1d12h", "2026-11-23T00:00:00Z"],
    ["2026-11-21T18:00:00Z", "2026-11-21T18:00:00Z"],
    ["2026-11-21T18:00+02:00", "2026-11-21T16:00:00Z"],
  ])("%s is %s", (text, time) => {
    expect(endOf(text, now)).toBe(time);
  });

  it.each([
    "",
    "soon",
    "tomorrow",
    "2",
    "-2h",
    "2h later",
    "2026-11-21",
    "18:00",
    "2026-13-41T25:00:00Z",
  ])("%j is no time", (text) => {
    expect(() => endOf(text, now)).toThrow("--until");
  });

  it("lies ahead", () => {
    expect(() => endOf("2026-11-21T12:00:00Z", now)).toThrow("has passed");
    expect(() => endOf("0s", now)).toThrow("has passed");
  });
});
