import { Problem } from "../model/problem.ts";
import type { Child, Commit, Snapshot, TreeEntry } from "../model/snapshot.ts";
import type { SourceLimits } from "./limits.ts";
import type { Tree } from "./tree.ts";

/** Where a snapshot's blobs come from. Answers with all of them, or throws. */
export type ReadBlobs = (ids: readonly string[]) => Promise<ReadonlyMap<string, Buffer>>;

/** After so many names of one directory others get their turn. */
const namesAtOnce = 2_000;

/** One commit of a Git repository: its tree in memory, its blobs behind {@link ReadBlobs}. */
export class GitSnapshot implements Snapshot {
  readonly revision: string;
  readonly commit: Commit;
  readonly #tree: Tree;
  readonly #read: ReadBlobs;
  readonly #limits: SourceLimits;

  constructor(o: {
    revision: string;
    commit: Commit;
    tree: Tree;
    read: ReadBlobs;
    limits: SourceLimits;
  }) {
    this.revision = o.revision;
    this.commit = o.commit;
    this.#tree = o.tree;
    this.#read = o.read;
    this.#limits = o.limits;
  }

  async list(directory: string): Promise<readonly TreeEntry[]> {
    return this.#tree.list(directory);
  }

  async entry(path: string): Promise<TreeEntry | "directory" | undefined> {
    return this.#tree.entry(path);
  }

  async children(directory: string): Promise<readonly Child[] | undefined> {
    const children: Child[] = [];
    for (const child of this.#tree.children(directory)) {
      children.push(child);
      if (children.length % namesAtOnce === 0) await new Promise(setImmediate);
    }
    if (children.length === 0 && this.#tree.entry(directory) !== "directory") return undefined;
    return children.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async read(blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const ids = [...new Set(blobs)];
    if (ids.length === 0) return new Map();
    const found = await this.#read(ids);
    let total = 0;
    for (const id of ids) {
      const bytes = found.get(id)?.length;
      if (bytes === undefined) {
        throw new Problem("SourceUnreachable", `the remote did not send ${this.#name(id)}`);
      }
      if (bytes > this.#limits.blobBytes) {
        throw new Problem(
          "LimitExceeded",
          `${this.#name(id)} has ${bytes} bytes, more than ${this.#limits.blobBytes}`,
        );
      }
      total += bytes;
      if (total > this.#limits.readBytes) {
        throw new Problem(
          "LimitExceeded",
          `the files have more than ${this.#limits.readBytes} bytes together (up to ${this.#name(id)})`,
        );
      }
    }
    return found;
  }

  #name(blob: string): string {
    return this.#tree.pathOf(blob) ?? `blob ${blob}`;
  }
}

/** The same snapshot under the name that another ref gives its commit. */
export function renamed(snapshot: Snapshot, revision: string): Snapshot {
  if (snapshot.revision === revision) return snapshot;
  return {
    revision,
    commit: snapshot.commit,
    list: (directory) => snapshot.list(directory),
    entry: (path) => snapshot.entry(path),
    children: (directory) => snapshot.children(directory),
    read: (blobs) => snapshot.read(blobs),
  };
}
