import { describe, expect, it } from "vitest";
import { commitNamed, refsNamed } from "../../../../src/cli/diff/revision.ts";

const id = (digit: string) => digit.repeat(40);
const status = {
  commit: { id: id("a"), author: "", message: "", time: "2026-01-02T03:04:05Z" },
  history: [id("a"), id("b")].map((commit) => ({
    revision: `main@sha1:${commit}`,
    author: "",
    message: "",
    committedAt: "2026-01-02T03:04:05Z",
    deployedAt: "2026-01-02T03:04:05Z",
    result: "Healthy" as const,
  })),
};

describe("--revision", () => {
  it("is a commit in full, or a full name of a ref", () => {
    expect(refsNamed(id("c"), { status })).toEqual([{ commit: id("c") }]);
    expect(refsNamed("refs/pull/7/head", { status })).toEqual([{ name: "refs/pull/7/head" }]);
  });

  it("is a branch before a tag, and the beginning of a known commit at last", () => {
    expect(refsNamed("v1", { status })).toEqual([{ branch: "v1" }, { tag: "v1" }]);
    expect(refsNamed("bbbbbbb", { status })).toEqual([
      { branch: "bbbbbbb" },
      { tag: "bbbbbbb" },
      { commit: id("b") },
    ]);
    expect(refsNamed("ddddddd", { status })).toHaveLength(2);
  });
});

it("a beginning that two commits share names none", () => {
  const history = [`ab${"0".repeat(38)}`, `ab${"1".repeat(38)}`].map((commit) => ({
    ...(status.history[0] as (typeof status.history)[0]),
    revision: `main@sha1:${commit}`,
  }));
  expect(commitNamed("ab", { history })).toBeUndefined();
  expect(commitNamed("ab0", { history })).toBe(history[0]?.revision.slice(10));
});
