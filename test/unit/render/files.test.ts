import { describe, expect, test } from "vitest";
import { Problem } from "../../../src/model/problem.ts";
import { type Ask, SnapshotFiles } from "../../../src/render/files.ts";
import { guess } from "../../../src/render/guess.ts";
import { defaultLimits } from "../../../src/render/limits.ts";
import { isSame } from "../../../src/render/reads.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";
import { problem } from "./problem.ts";

type Files = ConstructorParameters<typeof MemorySnapshot>[0];
const link = (content: string) => ({ mode: "symlink", content }) as const;

function open(
  given: Files | MemorySnapshot,
  o: { limits?: Partial<typeof defaultLimits>; guess?: readonly Ask[] } = {},
) {
  const snapshot = given instanceof MemorySnapshot ? given : new MemorySnapshot(given);
  const limits = { ...defaultLimits, ...o.limits };
  return new SnapshotFiles({ snapshot, limits, guess: async () => o.guess ?? [] });
}
async function text(files: SnapshotFiles, path: string): Promise<string | undefined> {
  const bytes = await files.read(path);
  return bytes && Buffer.from(bytes).toString();
}

describe("paths", () => {
  const files = { "a/b.yaml": "b", "c.yaml": "c" };

  test("are taken as they are meant", async () => {
    const opened = open(files);
    expect(await text(opened, "./a//b.yaml")).toBe("b");
    expect(await text(opened, "a/../c.yaml")).toBe("c");
    expect(await opened.stat("")).toBe("directory");
    expect(await opened.list("")).toEqual(["a/", "c.yaml"]);
    expect(await opened.list("a/")).toEqual(["b.yaml"]);
    expect(await opened.stat("a/b.yaml/x")).toBe("missing");
    expect(await opened.list("a/b.yaml")).toBeUndefined();
    expect(await opened.read("a")).toBeUndefined();
  });

  test.each([
    ["/etc/passwd", "is absolute"],
    ["../x", "leaves the repository"],
    ["a/../../x", "leaves the repository"],
    ["a\\b", "has a backslash"],
    ["a\0b", "has a NUL"],
  ])("%j ends the render", async (path, why) => {
    for (const operation of ["stat", "read", "list"] as const) {
      const refused = await problem(open(files)[operation](path));
      expect([refused.code, refused.message]).toEqual([
        "InvalidManifest",
        expect.stringContaining(why),
      ]);
      expect(refused.message).toContain(JSON.stringify(path));
    }
  });

  test("a patch that is written in place is no path: it is missing", async () => {
    const patch = "a/apiVersion: v1\nkind: Pod\nargs: [../../../x, 'a\\b']\n";
    expect(await open(files).stat(patch)).toBe("missing");
    expect(await open(files).read(patch)).toBeUndefined();
  });
});

describe("symlinks", () => {
  const tree: Files = {
    "app/kustomization.yaml": "k",
    "app/link.yaml": link("../shared/real.yaml"),
    "app/shared": link("../shared"),
    "app/chain": link("shared/again"),
    "shared/again": link("./real.yaml"),
    "shared/real.yaml": "real",
    "app/self": link("."),
    "app/out": link("../../outside"),
    "app/absolute": link("/etc/passwd"),
    "app/dangling": link("../shared/none.yaml"),
    "app/through": link("../shared/real.yaml/x"),
    "app/loop": link("loop"),
    "app/backslash": link("a\\b"),
    "app/module": { mode: "submodule" },
    "app/intomodule": link("module/x"),
  };

  test("are followed inside the repository, also on the way and in a row", async () => {
    const files = open(tree);
    for (const path of [
      "app/link.yaml",
      "app/shared/real.yaml",
      "app/chain",
      "app/self/self/shared/again",
    ]) {
      expect([path, await text(files, path)]).toEqual([path, "real"]);
    }
    expect(await files.list("app/shared")).toEqual(["again", "real.yaml"]);
    expect(await files.stat("app/shared/none.yaml")).toBe("missing");
    expect(await files.stat("app/self")).toBe("directory");
  });

  test.each([
    ["app/out", "app/out is a symlink to", "outside the repository"],
    ["app/absolute", 'app/absolute is a symlink to "/etc/passwd"', "outside the repository"],
    ["app/dangling", 'app/dangling is a symlink to "../shared/none.yaml"', "does not exist"],
    ["app/through", 'app/through is a symlink to "../shared/real.yaml/x"', "does not exist"],
    ["app/loop", "app/loop", "more than 40 symlinks"],
    ["app/backslash", "app/backslash is a symlink to", "not a path"],
    ["app/module", "app/module is a Git submodule", "not fetched"],
    ["app/module/x", "app/module is a Git submodule", "not fetched"],
    ["app/intomodule", "app/module is a Git submodule", "not fetched"],
    ["app/self/out/x", "app/out is a symlink to", "outside the repository"],
  ])("%s is refused by name", async (path, what, why) => {
    for (const operation of ["stat", "read", "list"] as const) {
      const refused = await problem(open(tree)[operation](path));
      expect(refused.retry).toBe("terminal");
      expect(refused.message).toContain(what);
      expect(refused.message).toContain(why);
    }
  });

  test("are listed as what they lead to; one that leads nowhere is no fault until it is asked for", async () => {
    expect(await open(tree).list("app")).toEqual(
      [
        "absolute",
        "backslash",
        "chain",
        "dangling",
        "intomodule",
        "kustomization.yaml",
        "link.yaml",
        "loop",
        "module/",
        "out",
        "self/",
        "shared/",
        "through",
      ].sort(),
    );
  });

  test.each<[string, Files, boolean]>([
    ["something else", { "other/x": "1" }, true],
    ["the link", { "app/shared": link("../other"), "other/real.yaml": "real" }, false],
    ["what it leads to", { "shared/real.yaml": "changed" }, false],
    ["its neighbour there", { "shared/other.yaml": "1" }, true],
  ])("make a render depend on them: %s changed", async (_, change, same) => {
    const files = open(tree);
    await files.read("app/shared/real.yaml");
    expect(await isSame(files.reads, new MemorySnapshot({ ...tree, ...change }))).toBe(same);
  });
});

describe("what was seen is the same", () => {
  const tree: Files = { "a/b.yaml": "b", "a/c/d.yaml": "d", "e/f": "f" };
  const sees = async (look: (files: SnapshotFiles) => Promise<unknown>, change: Files) => {
    const files = open(tree);
    await look(files).catch(() => {});
    return isSame(files.reads, new MemorySnapshot({ ...tree, ...change }));
  };
  test.each<[string, (files: SnapshotFiles) => Promise<unknown>, Files, boolean]>([
    ["a file's kind, with another content", (f) => f.stat("a/b.yaml"), { "a/b.yaml": "2" }, true],
    ["a file's content", (f) => f.read("a/b.yaml"), { "a/b.yaml": "2" }, false],
    ["a miss, with a file beside it", (f) => f.read("a/x/y"), { "a/y": "1" }, true],
    ["a miss, with something on the way", (f) => f.read("a/x/y"), { "a/x/z": "1" }, false],
    ["a miss, when it is there", (f) => f.read("a/x/y"), { "a/x/y": "1" }, false],
    ["a miss below a file", (f) => f.read("a/b.yaml/x"), { "a/b.yaml": "2" }, true],
    ["names, with another content", (f) => f.list("a"), { "a/b.yaml": "2" }, true],
    ["names, with more below", (f) => f.list("a"), { "a/c/e.yaml": "2" }, true],
    ["names, with one more", (f) => f.list("a"), { "a/z": "2" }, false],
    ["a directory, with one more name in it", (f) => f.stat("a"), { "a/z": "2" }, true],
    ["that a directory is no file", (f) => f.read("a/c"), { "a/z": "2" }, true],
  ])("%s: %#", async (_, look, change, same) => {
    expect(await sees(look, change)).toBe(same);
  });

  test("not when a miss comes to lie behind a link", async () => {
    const files = open({ "a/b": "1", "c/x": "2" });
    expect(await files.stat("a/x")).toBe("missing");
    const linked = new MemorySnapshot({ a: link("c"), "c/x": "2", "c/b": "1" });
    expect(await isSame(files.reads, linked)).toBe(false);
  });

  test("not where a directory or file became the other", async () => {
    const files = open(tree);
    await files.stat("e");
    expect(await isSame(files.reads, new MemorySnapshot({ e: "1" }))).toBe(false);
    expect(await isSame(files.reads, new MemorySnapshot({ "e/g": "1" }))).toBe(true);
  });

  test("never where the snapshot itself refused", async () => {
    const snapshot = new MemorySnapshot(tree);
    const refusing = open(snapshot);
    snapshot.children = async () => {
      throw new Problem("InvalidManifest", "a hostile name");
    };
    await problem(refusing.list("a"));
    expect(await isSame(refusing.reads, new MemorySnapshot(tree))).toBe(false);
  });
});

describe("files are fetched", () => {
  const many = Object.fromEntries(
    Array.from({ length: 600 }, (_, i) => [`x/${String(i).padStart(3, "0")}.yaml`, `${i}`]),
  );

  test("a directory at a time, in few batches, wherever one begins", async () => {
    const snapshot = new MemorySnapshot({ ...many, "x/logo.png": "p", "y/z": "z" });
    const files = open(snapshot);
    for (const path of Object.keys(many).reverse()) expect(await text(files, path)).toBeDefined();
    expect(snapshot.reads.length).toBeLessThanOrEqual(4);
    expect(snapshot.reads.flat().length).toBe(600);
    expect(files.files).toBe(600);
  });

  test("before they are asked for, as far as that is known", async () => {
    const snapshot = new MemorySnapshot({ "x/a": "a", "x/b/c": "c", "x/l": link("a") });
    const files = open(snapshot, {
      guess: ["read x/a", "read x/none", "list x/b", "stat x", "read x/l", "read x/b"],
    });
    const expected = await files.expected();
    expect(snapshot.reads.length).toBeLessThanOrEqual(2);
    expect(Object.fromEntries([...expected].sort())).toEqual({
      x: { directory: ["a", "b/", "l"] },
      "x/a": { file: new Uint8Array(Buffer.from("a")) },
      "x/b": { directory: ["c"] },
      "x/l": { file: new Uint8Array(Buffer.from("a")) },
      "x/none": { missing: true },
    });
    expect([files.reads, files.asks]).toEqual([[], []]);
    files.used("read", "x/l");
    files.used("list", "x/b");
    const asked = open(snapshot);
    await asked.read("x/l");
    await asked.list("x/b");
    expect([files.reads, files.asks]).toEqual([asked.reads, asked.asks]);
  });

  test("each with bytes of its own: nothing larger crosses to the renderer", async () => {
    const snapshot = new MemorySnapshot({ "x/a": "a" });
    const expected = await open(snapshot, { guess: ["read x/a"] }).expected();
    const sent = expected.get("x/a");
    const read = await open(snapshot).read("x/a");
    if (sent === undefined || !("file" in sent) || read === undefined) throw new Error("not sent");
    expect(sent.file.buffer.byteLength).toBe(1);
    expect(Buffer.isBuffer(read)).toBe(false);
  });

  test("without a guess that the snapshot refuses, until it is asked for", async () => {
    const snapshot = new MemorySnapshot({ "x/a": "a", "x/huge": "h" });
    const read = snapshot.read.bind(snapshot);
    const huge = (await snapshot.entry("x/huge")) as { blob: string };
    snapshot.read = async (blobs) => {
      if (blobs.includes(huge.blob)) throw new Problem("LimitExceeded", "x/huge is too large");
      return read(blobs);
    };
    const files = open(snapshot, { guess: ["read x/a", "read x/huge"] });
    expect((await files.expected()).size).toBe(0);
    expect(await text(files, "x/a")).toBe("a");
    expect((await problem(files.read("x/huge"))).message).toContain("x/huge");
  });

  test.each([
    ["a large file", { fileBytes: 2 }, "x/b has 3 bytes"],
    ["many bytes", { readBytes: 4 }, "more than 4 bytes (up to x/b)"],
    ["many files", { files: 1 }, "more than 1 files are read (up to x/b)"],
  ])("within bounds: %s", async (_, limits, message) => {
    const files = open({ "x/a": "aa", "x/b": "bbb" }, { limits });
    await files.read("x/a");
    const refused = await problem(files.read("x/b"));
    expect([refused.code, refused.message]).toEqual([
      "LimitExceeded",
      expect.stringContaining(message),
    ]);
  });

  test("a directory with too many names is not listed", async () => {
    const refused = await problem(open(many, { limits: { files: 100 } }).list("x"));
    expect([refused.code, refused.message]).toEqual([
      "LimitExceeded",
      expect.stringContaining('"x" has 600 files'),
    ]);
  });
});

describe("a first render is guessed", () => {
  const guessed = async (files: Files, tool: "helm" | "kustomize", path: string) =>
    (await guess(new MemorySnapshot(files), tool, path, [])).filter((ask) =>
      ask.startsWith("read"),
    );

  test("a chart as a whole, without media and hidden directories", async () => {
    const files = { "c/Chart.yaml": "", "c/templates/a": "", "c/.git-x/b": "", "c/logo.png": "" };
    expect(await guessed({ ...files, "other/x": "" }, "helm", "c")).toEqual([
      "read c/Chart.yaml",
      "read c/templates/a",
      "read c/.helmignore",
    ]);
  });

  test("an overlay with its base above, unless much else is there", async () => {
    const web = { "apps/web/base/a": "", "apps/web/overlays/prod/k": "" };
    const apps = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`apps/${i}/k`, ""]));
    const wanted = ["read apps/web/base/a", "read apps/web/overlays/prod/k"];
    expect(await guessed({ ...web, ...apps }, "kustomize", "apps/web/overlays/prod")).toEqual(
      wanted,
    );
    expect(await guessed({ ...web, ...apps }, "kustomize", "apps/7")).toEqual(["read apps/7/k"]);
  });

  test("of a directory with very many files, some", async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x/${i}`, ""]));
    expect((await guessed(files, "kustomize", "x")).length).toBeLessThanOrEqual(200);
    expect((await guessed(files, "helm", "x")).length).toBeLessThanOrEqual(2000);
  });
});
