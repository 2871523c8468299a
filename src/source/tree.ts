import { Problem } from "../model/problem.ts";
import type { Child, EntryMode, TreeEntry } from "../model/snapshot.ts";

const NUL = 0;
const TAB = 9;
const SLASH = 47;

/**
 * One commit's whole tree, kept as the bytes of `git ls-tree -r -z` (`<mode> <type> <id>\t<path>`,
 * sorted by the bytes of the path) and one offset for each entry: a tree of 200,000 files is some
 * 20 MB, not 200,000 objects, and a directory is found by binary search.
 */
export class Tree {
  readonly #bytes: Buffer;
  /** Where each entry begins; one more at the end. */
  readonly #starts: Uint32Array;

  private constructor(bytes: Buffer, starts: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
  }

  /**
   * @throws Problem LimitExceeded for more than `maxEntries`; InvalidManifest for a tree that is
   *   not sorted or names a path twice, which no Git client writes.
   */
  static parse(bytes: Buffer, maxEntries: number): Tree {
    const starts: number[] = [];
    let at = 0;
    let previous: Buffer | undefined;
    while (at < bytes.length) {
      if (starts.length >= maxEntries) {
        throw new Problem("LimitExceeded", `the revision has more than ${maxEntries} files`);
      }
      const tab = bytes.indexOf(TAB, at);
      const end = bytes.indexOf(NUL, at);
      if (tab < 0 || end < tab) throw new Problem("InvalidManifest", "the tree cannot be read");
      const path = bytes.subarray(tab + 1, end);
      if (previous !== undefined && Buffer.compare(previous, path) >= 0) {
        throw new Problem("InvalidManifest", "the tree is malformed: its paths are not in order");
      }
      starts.push(at);
      previous = path;
      at = end + 1;
    }
    starts.push(at);
    return new Tree(bytes, Uint32Array.from(starts));
  }

  get size(): number {
    return this.#starts.length - 1;
  }

  /**
   * The entries below a directory, sorted by path.
   * @throws Problem PathNotFound; InvalidManifest when a path below it is hostile.
   */
  list(directory: string): TreeEntry[] {
    const prefix = directoryPrefix(directory);
    const entries: TreeEntry[] = [];
    for (let i = this.#firstAtOrAfter(prefix); this.#isBelow(i, prefix); i++) {
      entries.push(this.#entry(i));
    }
    if (entries.length === 0 && prefix.length > 0) throw this.#notFound(directory, prefix);
    return entries;
  }

  /**
   * What is at a path, with the path as it is in the tree. Links are not followed.
   * @throws Problem InvalidManifest when the name is hostile
   */
  entry(path: string): TreeEntry | "directory" | undefined {
    const prefix = prefixOf(path);
    if (prefix === undefined) return undefined;
    if (prefix.length === 0) return "directory";
    const name = prefix.subarray(0, prefix.length - 1);
    const i = this.#firstAtOrAfter(name);
    if (i < this.size && this.#path(i).equals(name)) return this.#entry(i);
    const below = this.#firstAtOrAfter(prefix, i);
    if (!this.#isBelow(below, prefix)) return undefined;
    checkPath(name);
    return "directory";
  }

  /**
   * What is directly in a directory, in the order of the tree; nothing when there is none. Of a
   * directory in it, what is below is skipped by one search.
   * @throws Problem InvalidManifest when the name of a child is hostile
   */
  *children(directory: string): Generator<Child, void, undefined> {
    const prefix = prefixOf(directory);
    if (prefix === undefined) return;
    let i = this.#firstAtOrAfter(prefix);
    while (this.#isBelow(i, prefix)) {
      const path = this.#path(i);
      const slash = path.indexOf(SLASH, prefix.length);
      if (slash < 0) {
        const { path: full, mode, blob } = this.#entry(i);
        yield { name: full.slice(full.lastIndexOf("/") + 1), mode, blob };
        i += 1;
        continue;
      }
      const full = checkPath(path.subarray(0, slash));
      yield { name: full.slice(full.lastIndexOf("/") + 1), mode: "directory" };
      const past = Buffer.from(path.subarray(0, slash + 1));
      past[slash] = SLASH + 1;
      i = this.#firstAtOrAfter(past, i + 1);
    }
  }

  /** A path that has this blob, for messages. */
  pathOf(blob: string): string | undefined {
    const at = this.#bytes.indexOf(` ${blob}\t`);
    if (at < 0) return undefined;
    const from = this.#bytes.indexOf(TAB, at) + 1;
    return this.#bytes.toString("utf8", from, this.#bytes.indexOf(NUL, from));
  }

  #path(i: number): Buffer {
    const start = this.#starts[i] ?? 0;
    return this.#bytes.subarray(
      this.#bytes.indexOf(TAB, start) + 1,
      (this.#starts[i + 1] ?? start) - 1,
    );
  }

  #isBelow(i: number, prefix: Buffer): boolean {
    return i < this.size && this.#path(i).subarray(0, prefix.length).equals(prefix);
  }

  #firstAtOrAfter(wanted: Buffer, from = 0): number {
    let low = from;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(this.#path(middle), wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #entry(i: number): TreeEntry {
    const start = this.#starts[i] ?? 0;
    const tab = this.#bytes.indexOf(TAB, start);
    const [mode = "", , blob = ""] = this.#bytes.toString("latin1", start, tab).split(" ");
    return { path: checkPath(this.#path(i)), mode: entryMode(mode), blob };
  }

  #notFound(directory: string, prefix: Buffer): Problem {
    const name = prefix.subarray(0, prefix.length - 1);
    const i = this.#firstAtOrAfter(name);
    if (i < this.size && this.#path(i).equals(name)) {
      const what = {
        file: "a file",
        executable: "a file",
        symlink: "a symlink",
        submodule: "a submodule",
      };
      return new Problem(
        "PathNotFound",
        `"${directory}" is ${what[this.#entry(i).mode]}, not a directory`,
      );
    }
    return new Problem("PathNotFound", `the revision has no directory "${directory}"`);
  }
}

function entryMode(mode: string): EntryMode {
  switch (mode) {
    case "120000":
      return "symlink";
    case "160000":
      return "submodule";
    case "100755":
      return "executable";
    default:
      return "file";
  }
}

/** `./deploy/prod/` -> `deploy/prod/`; the root is empty. */
export function directoryPrefix(directory: string): Buffer {
  if (/[\\\0]/.test(directory)) {
    throw new Problem("PathNotFound", "the path must not have a backslash or NUL in it");
  }
  const prefix = prefixOf(directory);
  if (prefix === undefined) {
    throw new Problem("PathNotFound", `"${directory}" leaves the repository`);
  }
  return prefix;
}

/** Undefined for what leads upwards. */
export function prefixOf(directory: string): Buffer | undefined {
  const parts = directory.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return undefined;
  return Buffer.from(parts.map((part) => `${part}/`).join(""));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** What a file system may take for `.git` (CVE-2014-9390, CVE-2019-1352): case, trailing dots and spaces, NTFS streams and short names. */
const gitDirectory = /^(\.git[ .]*|git~[0-9]+)(:.*)?$/i;

/**
 * A path of a tree, when it is one that stays inside.
 * @throws Problem InvalidManifest naming it.
 */
export function checkPath(bytes: Buffer): string {
  let path: string;
  try {
    path = utf8.decode(bytes);
  } catch {
    throw new Problem("InvalidManifest", "a file name in the repository is not UTF-8", {
      origin: bytes.toString("latin1"),
    });
  }
  const parts = path.split("/");
  // Zero-width characters: HFS+ ignores them, so that `.g\u200cit` is `.git` there.
  const bad = parts.some(
    (part) =>
      part === "" ||
      part === "." ||
      part === ".." ||
      gitDirectory.test(part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")),
  );
  if (bad || /[\\\p{Cc}]/u.test(path)) {
    throw new Problem(
      "InvalidManifest",
      `the repository has a file name that is refused: ${JSON.stringify(path)}`,
    );
  }
  return path;
}
