import { createHash } from "node:crypto";
import { Problem } from "../../../src/model/problem.ts";
import type { Child, EntryMode, Snapshot, TreeEntry } from "../../../src/model/snapshot.ts";

/** A symlink's content is where it points to. */
type File = string | Uint8Array | { mode: EntryMode; content?: string };

/** A snapshot of files in memory, which counts what is read of it. */
export class MemorySnapshot implements Snapshot {
  readonly revision: string;
  readonly commit = { id: "0".repeat(40), author: "", subject: "", time: "2024-01-01T00:00:00Z" };
  readonly reads: string[][] = [];
  readonly #entries: TreeEntry[] = [];
  readonly #blobs = new Map<string, Buffer>();

  constructor(files: Readonly<Record<string, File>>, revision = "main@sha1:0") {
    this.revision = revision;
    for (const [path, file] of Object.entries(files)) {
      const special = typeof file === "object" && "mode" in file;
      const content = special ? Buffer.from(file.content ?? path) : Buffer.from(file as string);
      const blob = createHash("sha1").update(content).digest("hex");
      this.#blobs.set(blob, content);
      this.#entries.push({ path, mode: special ? file.mode : "file", blob });
    }
    this.#entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async list(directory: string): Promise<readonly TreeEntry[]> {
    const prefix = directory === "" ? "" : `${directory}/`;
    const entries = this.#entries.filter(({ path }) => path.startsWith(prefix));
    if (entries.length === 0 && directory !== "") throw new Problem("PathNotFound", directory);
    return entries;
  }

  async entry(path: string): Promise<TreeEntry | "directory" | undefined> {
    if (path === "" || this.#entries.some((entry) => entry.path.startsWith(`${path}/`)))
      return "directory";
    return this.#entries.find((entry) => entry.path === path);
  }

  async children(directory: string): Promise<readonly Child[] | undefined> {
    if ((await this.entry(directory)) !== "directory") return undefined;
    const children = new Map<string, Child>();
    for (const { path, mode, blob } of await this.list(directory)) {
      const [name = "", ...below] = path
        .slice(directory === "" ? 0 : directory.length + 1)
        .split("/");
      children.set(name, below.length > 0 ? { name, mode: "directory" } : { name, mode, blob });
    }
    return [...children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async read(blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    this.reads.push([...blobs]);
    return new Map(blobs.map((blob) => [blob, this.#blobs.get(blob) ?? Buffer.alloc(0)]));
  }
}
