import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Tree } from "../../../src/source/tree.ts";

const id = "0123456789012345678901234567890123456789";
const record = (path: string | Buffer, mode = "100644") =>
  Buffer.concat([Buffer.from(`${mode} blob ${id}\t`), Buffer.from(path), Buffer.from([0])]);
const tree = (...paths: (string | Buffer)[]) =>
  Tree.parse(
    Buffer.concat(
      paths
        .map((path) => Buffer.from(path))
        .sort(Buffer.compare)
        .map((path) => record(path)),
    ),
    1000,
  );
const refusal = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

test("a directory is found among any others, sorted, with nothing of its neighbours", () => {
  const name = fc.stringMatching(/^[a-c-.]{1,3}$/).filter((part) => !/^\.+$/.test(part));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 40 }), path, (paths, directory) => {
      const files = paths.filter((a) => !paths.some((b) => b.startsWith(`${a}/`)));
      const expected = files
        .filter((file) => file.startsWith(`${directory}/`))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const read = () =>
        tree(...files)
          .list(directory)
          .map((entry) => entry.path);
      if (expected.length === 0) expect(refusal(read)).toBe("PathNotFound");
      else expect(read()).toEqual(expected);
      expect(tree(...files).list("").length).toBe(files.length);
    }),
  );
});

test.each([
  "../x",
  "a/../x",
  "a/./x",
  "/etc/passwd",
  "a//b",
  "a\\b",
  "a\nb",
  "a/.git/config",
  ".GIT/x",
  "a/.git /x",
  ".git./x",
  "git~1/x",
  "a/.g\u200cit/x",
  ".git::$INDEX_ALLOCATION/x",
  "a\u0007b",
])("the path %j is refused, and only for those who list it", (path) => {
  const hostile = tree("z/ok.yaml", path);
  expect(refusal(() => hostile.list(""))).toBe("InvalidManifest");
  expect(hostile.list("z").map((entry) => entry.path)).toEqual(["z/ok.yaml"]);
});

test.each([".gitignore", ".github/x", "a/git/x", ".gitmodules", "...", "a/..b", "ünï/cødé"])(
  "the path %j is fine",
  (path) => {
    expect(
      tree(path)
        .list("")
        .map((entry) => entry.path),
    ).toEqual([path]);
  },
);

test("a name that is not UTF-8 is refused", () => {
  expect(refusal(() => tree(Buffer.from([0x61, 0xff])).list(""))).toBe("InvalidManifest");
});

test("a tree out of order, or with a name twice, is refused as a whole", () => {
  for (const paths of [
    ["b", "a"],
    ["a", "a"],
  ]) {
    const bytes = Buffer.concat(paths.map((path) => record(path)));
    expect(refusal(() => Tree.parse(bytes, 1000))).toBe("InvalidManifest");
  }
});

test("more files than allowed are LimitExceeded", () => {
  const bytes = Buffer.concat(["a", "b", "c"].map((path) => record(path)));
  expect(refusal(() => Tree.parse(bytes, 2))).toBe("LimitExceeded");
  expect(Tree.parse(bytes, 3).size).toBe(3);
});

test("entry and children say what list says, one level at a time", () => {
  // Names around the slash in ASCII: `a-`, `a.` and `a0` sort next to `a/`.
  const name = fc.stringMatching(/^[a-b.0-]{1,3}$/).filter((part) => !/^\.+$/.test(part));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 40 }), path, (paths, asked) => {
      const files = paths.filter((a) => !paths.some((b) => b.startsWith(`${a}/`)));
      const made = tree(...files);
      for (const directory of ["", asked, ...files.map((file) => file.replace(/\/[^/]*$/, ""))]) {
        const prefix = directory === "" ? "" : `${directory}/`;
        const below = files.filter((file) => file.startsWith(prefix));
        const expected = new Map(
          below.map((file) => {
            const [child = "", ...rest] = file.slice(prefix.length).split("/");
            return [child, rest.length > 0 ? "directory" : "file"];
          }),
        );
        const children = [...made.children(directory)];
        expect(new Map(children.map(({ name, mode }) => [name, mode]))).toEqual(expected);
        expect(children.length).toBe(expected.size);
        const entry = made.entry(directory);
        if (files.includes(directory)) expect(entry).toMatchObject({ path: directory, blob: id });
        else expect(entry).toBe(below.length > 0 || directory === "" ? "directory" : undefined);
      }
    }),
  );
});

test("the root of a deep tree is listed without looking at what is below", () => {
  const paths = Array.from({ length: 200_000 }, (_, i) => `d${i % 4}/x/y${i % 1000}/f${i}`);
  const made = Tree.parse(Buffer.concat(paths.sort().map((path) => record(path))), 200_000);
  const comparisons = countComparisons(() => [...made.children("")]);
  expect([...made.children("")].map(({ name }) => name)).toEqual(["d0", "d1", "d2", "d3"]);
  expect(comparisons).toBeLessThan(6 * 18);
});

test("a hostile name is refused where it is met, not before", () => {
  const made = tree("a/.git/config", "a/b", "c");
  expect([...made.children("")].map(({ name }) => name)).toEqual(["a", "c"]);
  expect(refusal(() => [...made.children("a")])).toBe("InvalidManifest");
  expect(refusal(() => made.entry("a/.git"))).toBe("InvalidManifest");
  expect(made.entry("a/../c")).toBeUndefined();
});

function countComparisons(action: () => unknown): number {
  const counted = vi.spyOn(Buffer, "compare");
  try {
    action();
    return counted.mock.calls.length;
  } finally {
    counted.mockRestore();
  }
}
