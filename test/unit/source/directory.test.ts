import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TreeEntry } from "../../../src/model/snapshot.ts";
import { DirectorySnapshot } from "../../../src/source/directory.ts";
import type { SourceLimits } from "../../../src/source/limits.ts";
import { Tree } from "../../../src/source/tree.ts";
import { commitAll, gitIn } from "../../git/work-tree.ts";

const commit = { id: "0".repeat(40), author: "", subject: "", time: "2026-01-01T00:00:00Z" };

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "mooring-directory-")));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function write(path: string, content: string | Buffer = path): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function snapshot(limits: Partial<SourceLimits> = {}): DirectorySnapshot {
  return new DirectorySnapshot({ root, revision: "work tree", commit, limits });
}

const plain = ({ path, mode, blob }: TreeEntry) => ({ path, mode, blob });
const code = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: { code?: string }) => error.code ?? String(error),
  );

/** The tree of a commit of everything that is there. */
async function committed(): Promise<Tree> {
  const id = await commitAll(root, "All");
  return Tree.parse(await gitIn(root, ["ls-tree", "-r", "-z", id]), 1000);
}

describe("a directory is what a commit of it would be", () => {
  const paths = ["", "a", "./a/", "a-b", "a/b.yaml", "a/run.sh", "a/link", "a/link/x", "empty"];
  paths.push("a/deep", "a/deep/er", "A", "a/B.yaml", "nowhere", "a/b.yaml/x", "../x", "ünï");

  beforeEach(() => {
    for (const path of ["a/b.yaml", "a-b", "a.b", "a/deep/er/x", "ünï/cødé 😀", "z", "zero"])
      write(path);
    write("a/run.sh", "#!/bin/sh\n");
    write("zero", "");
    write("large.bin", Buffer.alloc(2_500_000, 7));
    write(".gitignore", "ignored\n");
    write("ignored", "is on disk");
    chmodSync(join(root, "a/run.sh"), 0o755);
    mkdirSync(join(root, "empty/below"), { recursive: true });
    symlinkSync("deep", join(root, "a/link"));
    symlinkSync("/etc/passwd", join(root, "outside"));
    symlinkSync("nowhere", join(root, "dangling"));
  });

  test("with the same entries, modes and ids", async () => {
    const tree = await committed();
    expect((await snapshot().list("")).map(plain)).toEqual(tree.list(""));
    expect((await snapshot().list("./a/")).map(plain)).toEqual(tree.list("a"));
  });

  test.each(paths)("at the path %j", async (path) => {
    const tree = await committed();
    const entry = await snapshot().entry(path);
    expect(typeof entry === "object" ? plain(entry) : entry).toEqual(tree.entry(path));
    const children = (await snapshot().children(path))?.map((child) => ({ ...child }));
    const expected = [...tree.children(path)].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(children ?? []).toEqual(expected);
    const listed = await code(snapshot().list(path));
    expect(listed).toBe(expected.length > 0 ? "none" : "PathNotFound");
  });

  test("with the bytes of files and the targets of symlinks", async () => {
    const it = snapshot();
    const entries = await it.list("");
    const bytes = await it.read(entries.map(({ blob }) => blob));
    const of = (path: string) =>
      bytes.get(entries.find((entry) => entry.path === path)?.blob ?? "")?.toString();
    expect(of("a/b.yaml")).toBe("a/b.yaml");
    expect(of("outside")).toBe("/etc/passwd");
    expect(of("a/link")).toBe("deep");
    expect(of("zero")).toBe("");
    expect(of("ignored")).toBe("is on disk");
  });
});

test("a repository inside is a submodule, its files are not looked at", async () => {
  write("vendored/x.yaml");
  write("kept/.git/config");
  write("kept/x.yaml");
  await gitIn(join(root, "vendored"), ["init", "--quiet"]);
  const it = snapshot();
  expect((await it.list("")).map(({ path, mode }) => [path, mode])).toEqual([
    ["kept/x.yaml", "file"],
    ["vendored", "submodule"],
  ]);
  expect(await it.children("vendored")).toBeUndefined();
  expect(await it.entry("vendored/x.yaml")).toBeUndefined();
});

test("a pipe is not there: it is neither listed nor waited for", async () => {
  write("a/x.yaml");
  execFileSync("mkfifo", [join(root, "a/pipe.yaml")]);
  const it = snapshot();
  expect((await it.list("a")).map(({ path }) => path)).toEqual(["a/x.yaml"]);
  expect(await it.entry("a/pipe.yaml")).toBeUndefined();
});

test("files are read when their ids are asked for, and not before", async () => {
  write("a/wanted.yaml");
  write("a/other.bin");
  const it = snapshot();
  const [other, wanted] = await it.list("a");
  await rm(join(root, "a/other.bin"));
  expect((await it.read([wanted?.blob ?? ""])).size).toBe(1);
  expect(() => other?.blob).toThrow("a/other.bin cannot be read: ENOENT");
});

test("a file that changes between its id and its bytes is said, never mixed up", async () => {
  write("a.yaml");
  const it = snapshot();
  const entry = (await it.entry("a.yaml")) as TreeEntry;
  expect(entry.blob).toMatch(/^[0-9a-f]{40}$/);
  appendFileSync(join(root, "a.yaml"), "more");
  await expect(it.read([entry.blob])).rejects.toThrow("a.yaml changed while it was rendered");
});

test("a file that became a symlink is not followed", async () => {
  write("a.yaml");
  const it = snapshot();
  const entry = (await it.entry("a.yaml")) as TreeEntry;
  await rm(join(root, "a.yaml"));
  symlinkSync("/etc/passwd", join(root, "a.yaml"));
  expect(() => entry.blob).toThrow("a.yaml cannot be read: ELOOP");
});

test("a name that is refused in a commit is refused, and only for those who list it", async () => {
  write("ok/x.yaml");
  write("odd/a\\b");
  const it = snapshot();
  expect(await code(it.list("odd"))).toBe("InvalidManifest");
  expect(await code(it.children("odd"))).toBe("InvalidManifest");
  expect(await code(it.entry("odd/a\\b"))).toBe("InvalidManifest");
  expect(await code(it.list("ok"))).toBe("none");
  expect((await it.children(""))?.map(({ name }) => name)).toEqual(["odd", "ok"]);
});

test("the bounds of a commit hold", async () => {
  for (const name of ["a", "b", "c"]) write(name, name.repeat(10));
  expect(await code(snapshot({ entries: 2 }).list(""))).toBe("LimitExceeded");
  const all = async (limits: Partial<SourceLimits>) => {
    const it = snapshot(limits);
    return it.read((await it.list("")).map(({ blob }) => blob));
  };
  expect(await code(all({ entries: 3, blobBytes: 10, readBytes: 30 }))).toBe("none");
  expect(await code(all({ blobBytes: 9 }))).toBe("LimitExceeded");
  expect(await code(all({ readBytes: 29 }))).toBe("LimitExceeded");
});
