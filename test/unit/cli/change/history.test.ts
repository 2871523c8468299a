import { describe, expect, it } from "vitest";
import { commitToRollBackTo, type Entry } from "../../../../src/cli/change/history.ts";

const id = (digit: string) => digit.repeat(40);
const time = "2026-01-02T03:04:05Z";
const entry = (digit: string, more: Partial<Entry> = {}): Entry => ({
  revision: `main@sha1:${id(digit)}`,
  author: "Ann",
  message: "Change",
  committedAt: time,
  deployedAt: time,
  result: "Healthy",
  healthyAt: time,
  ...more,
});
const { healthyAt: _, ...broken } = entry("c", { result: "Failed" });

describe("the commit to go back to", () => {
  const history = [entry("d", { result: "Deployed" }), broken, entry("b"), entry("a")];

  it("is the last that was healthy, and is not the current one", () => {
    expect(commitToRollBackTo(history, undefined, [id("d")])).toBe(id("b"));
    expect(commitToRollBackTo([entry("b"), entry("a")], undefined, [id("b")])).toBe(id("a"));
  });

  it("lies further back when one is deployed instead of the skipped already", () => {
    expect(commitToRollBackTo(history, undefined, [id("d"), id("b")])).toBe(id("a"));
  });

  it("is none where nothing else was healthy, and it is told what there is", () => {
    expect(() => commitToRollBackTo([broken], undefined, [id("d")])).toThrow(
      /no other revision.*\n {2}main@cccccccccc {2}2026-01-02T03:04:05Z {2}Failed$/,
    );
    expect(() => commitToRollBackTo([], undefined, [])).toThrow("its history is empty");
  });

  it("may be named by its beginning, in full, or as the status writes it", () => {
    for (const wanted of ["cccc", "CCCCCCC", id("c"), `main@sha1:${id("c")}`])
      expect(commitToRollBackTo(history, wanted, [id("d")])).toBe(id("c"));
  });

  it("may be one that the history has forgotten, in full only", () => {
    expect(commitToRollBackTo(history, id("e"), [id("d")])).toBe(id("e"));
    for (const wanted of ["eeeeeee", "ccc", "main", ""])
      expect(() => commitToRollBackTo(history, wanted, [id("d")]), wanted).toThrow(
        "no revision of",
      );
  });

  it("is not guessed", () => {
    const twins = [
      { ...entry("a"), revision: `main@sha1:abcd${"0".repeat(36)}` },
      { ...entry("a"), revision: `main@sha1:abcd${"1".repeat(36)}` },
    ];
    expect(() => commitToRollBackTo(twins, "abcd", [])).toThrow("beginning of 2 commits");
  });
});
