/**
 * What a render saw of the tree, by which it is known again: the same inputs and the same reads
 * give the same objects, whatever else changed.
 */
import { createHash } from "node:crypto";
import type { Child, Snapshot, TreeEntry } from "../model/snapshot.ts";

/**
 * A path of the tree, with no link on the way to it, and what was seen there: `-` nothing, `f` a
 * file, `f<blob>` its content, `d` a directory, `d<digest>` its names, `l<blob>` a link, `s` a
 * submodule, `!` what makes it a render that is never the same.
 */
export type Read = readonly [path: string, seen: string];

export const seen = {
  nothing: "-",
  file: "f",
  content: (blob: string) => `f${blob}`,
  directory: "d",
  names: (children: readonly Child[]) => `d${digestOf(children)}`,
  link: (blob: string) => `l${blob}`,
  submodule: "s",
  incomparable: "!",
} as const;

/** After so many comparisons others get their turn. */
const comparedAtOnce = 250;

/** The reads of one render. Of a path the most that was seen of it is kept. */
export class ReadRecord {
  readonly #seen = new Map<string, string>();

  add(reads: readonly Read[]): void {
    for (const [path, what] of reads) {
      const before = this.#seen.get(path);
      const isMore = before === undefined || what.startsWith(before);
      if (isMore || what === seen.incomparable) this.#seen.set(path, what);
    }
  }

  /** Sorted by path. */
  all(): readonly Read[] {
    return [...this.#seen].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Nothing that was read has changed. Fetches no blob. */
export async function isSame(reads: readonly Read[], snapshot: Snapshot): Promise<boolean> {
  let compared = 0;
  for (const [path, what] of reads) {
    if (!(await sees(snapshot, path, what))) return false;
    compared += 1;
    if (compared % comparedAtOnce === 0) await new Promise(setImmediate);
  }
  return true;
}

async function sees(snapshot: Snapshot, path: string, what: string): Promise<boolean> {
  try {
    if (what.startsWith(seen.directory) && what !== seen.directory) {
      const children = await snapshot.children(path);
      return children !== undefined && seen.names(children) === what;
    }
    const now = whatIs(await snapshot.entry(path));
    return now === what || (what === seen.file && now.startsWith(seen.file));
  } catch {
    // A name that is refused: the render will say so.
    return false;
  }
}

function whatIs(entry: TreeEntry | "directory" | undefined): string {
  if (entry === undefined) return seen.nothing;
  if (entry === "directory") return seen.directory;
  switch (entry.mode) {
    case "symlink":
      return seen.link(entry.blob);
    case "submodule":
      return seen.submodule;
    default:
      return seen.content(entry.blob);
  }
}

/** Over names and types: what is in the files, and what is below, is read by itself. */
function digestOf(children: readonly Child[]): string {
  const digest = createHash("sha256");
  for (const { name, mode } of children) {
    digest.update(`${mode === "executable" ? "file" : mode} ${name}\0`);
  }
  return digest.digest("base64url");
}
