/**
 * A directory on disk as a Snapshot, for rendering on one's own machine: what a commit of all its
 * files would be. Hence without empty directories, `.git`, and what Git cannot hold (sockets,
 * devices), and with names exactly as they are written, whatever the file system takes for equal.
 * What `.gitignore` names is there: what is on disk counts.
 *
 * Everything is looked at when it is first asked for, and blobs are identified when their id is,
 * by calls that block: nobody else lives in the process. The operating system never follows a
 * symlink here; whoever reads the snapshot decides.
 */
import { createHash, type Hash } from "node:crypto";
import { type Dirent, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../model/problem.ts";
import type { Child, Commit, EntryMode, Snapshot, TreeEntry } from "../model/snapshot.ts";
import { FileTooLarge, readChunks, readWhole } from "./file.ts";
import { defaultLimits, type SourceLimits } from "./limits.ts";
import { checkPath, directoryPrefix, prefixOf } from "./tree.ts";
import { gitDirectoryOf } from "./work-tree.ts";

export interface DirectoryOptions {
  /** Absolute, without symlinks. */
  root: string;
  revision: string;
  commit: Commit;
  limits?: Partial<SourceLimits> | undefined;
}

type Kind = "file" | "symlink" | "submodule" | "directory";

/** What a directory holds, by name; a name that is not UTF-8 has a placeholder in it. */
type Members = ReadonlyMap<string, { name: Buffer; kind: Kind }>;

/** Of a submodule: which commit of it there is, nobody reads. */
const noBlob = "0".repeat(40);

export class DirectorySnapshot implements Snapshot {
  readonly revision: string;
  readonly commit: Commit;
  readonly #root: string;
  readonly #limits: SourceLimits;
  /** Of the directories that were looked into, by their paths. */
  readonly #members = new Map<string, Members>();
  /** The blobs whose ids were asked for. */
  readonly #identified = new Map<string, TreeEntry>();

  constructor(o: DirectoryOptions) {
    this.revision = o.revision;
    this.commit = o.commit;
    this.#root = o.root;
    this.#limits = { ...defaultLimits, ...o.limits };
  }

  async list(directory: string): Promise<readonly TreeEntry[]> {
    const path = directoryPrefix(directory).toString().slice(0, -1);
    const kind = this.#kind(path);
    if (kind !== "directory") throw this.#notFound(directory, kind);
    const entries: TreeEntry[] = [];
    const walk = (below: string): void => {
      for (const { name, kind } of this.#look(below).values()) {
        const path = checked(below, name);
        if (kind === "directory") walk(path);
        else entries.push(this.#entry(path, kind));
        if (entries.length > this.#limits.entries) {
          throw new Problem(
            "LimitExceeded",
            `"${directory}" holds more than ${this.#limits.entries} files`,
          );
        }
      }
    };
    walk(path);
    if (entries.length === 0 && path !== "") throw this.#notFound(directory, undefined);
    const keyed = entries.map((entry) => ({ key: Buffer.from(entry.path), entry }));
    return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ entry }) => entry);
  }

  async entry(path: string): Promise<TreeEntry | "directory" | undefined> {
    const clean = prefixOf(path)?.toString().slice(0, -1);
    const kind = clean === undefined ? undefined : this.#kind(clean);
    if (clean === undefined || kind === undefined) return undefined;
    if (clean === "") return "directory";
    checkPath(Buffer.from(clean));
    if (kind !== "directory") return this.#entry(clean, kind);
    return this.#holdsFiles(clean) ? kind : undefined;
  }

  async children(directory: string): Promise<readonly Child[] | undefined> {
    const path = prefixOf(directory)?.toString().slice(0, -1);
    if (path === undefined || this.#kind(path) !== "directory") return undefined;
    const children: Child[] = [];
    for (const [name, member] of this.#look(path)) {
      const { kind } = member;
      const below = checked(path, member.name);
      if (kind !== "directory") children.push(named(name, this.#entry(below, kind)));
      else if (this.#holdsFiles(below)) children.push({ name, mode: kind });
    }
    if (children.length === 0 && path !== "") return undefined;
    return children.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async read(blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    let total = 0;
    for (const id of new Set(blobs)) {
      const entry = this.#identified.get(id);
      if (entry === undefined) throw new Error(`no path was found with the blob ${id}`);
      const bytes = this.#bytes(entry);
      if (gitHash(bytes.length).update(bytes).digest("hex") !== id) {
        throw new Problem("SourceUnreachable", `${entry.path} changed while it was rendered`);
      }
      total += bytes.length;
      if (total > this.#limits.readBytes) {
        throw new Problem(
          "LimitExceeded",
          `the files have more than ${this.#limits.readBytes} bytes together (up to ${entry.path})`,
        );
      }
      found.set(id, bytes);
    }
    return found;
  }

  /** What is at a path, each directory on the way to it looked into, so that no link is followed. */
  #kind(path: string): Kind | undefined {
    let kind: Kind | undefined = "directory";
    let at = "";
    for (const name of path === "" ? [] : path.split("/")) {
      if (kind !== "directory") return undefined;
      kind = this.#look(at).get(name)?.kind;
      at = joined(at, name);
    }
    return kind;
  }

  #look(directory: string): Members {
    const known = this.#members.get(directory);
    if (known !== undefined) return known;
    const at = join(this.#root, directory);
    const members = new Map<string, { name: Buffer; kind: Kind }>();
    for (const member of readable(directory, () =>
      readdirSync(at, { withFileTypes: true, encoding: "buffer" }),
    )) {
      const name = member.name.toString();
      const kind = kindOf(member);
      if (kind === undefined || name === ".git") continue;
      const isRepository = kind === "directory" && gitDirectoryOf(join(at, name)) !== undefined;
      members.set(name, { name: member.name, kind: isRepository ? "submodule" : kind });
    }
    this.#members.set(directory, members);
    return members;
  }

  #holdsFiles(directory: string): boolean {
    for (const [name, { kind }] of this.#look(directory)) {
      if (kind !== "directory" || this.#holdsFiles(joined(directory, name))) return true;
    }
    return false;
  }

  #entry(path: string, kind: Exclude<Kind, "directory">): TreeEntry {
    let blob: string | undefined;
    const entry: TreeEntry = {
      path,
      mode: kind === "file" ? this.#fileMode(path) : kind,
      get blob() {
        blob ??= identify();
        return blob;
      },
    };
    const identify = (): string => {
      const id = this.#identify(entry);
      this.#identified.set(id, entry);
      return id;
    };
    return entry;
  }

  #fileMode(path: string): EntryMode {
    const { mode } = readable(path, () => lstatSync(join(this.#root, path)));
    return (mode & 0o100) === 0 ? "file" : "executable";
  }

  #identify(entry: TreeEntry): string {
    if (entry.mode === "submodule") return noBlob;
    if (entry.mode === "symlink") {
      const target = this.#bytes(entry);
      return gitHash(target.length).update(target).digest("hex");
    }
    return readable(entry.path, () => {
      let hash: Hash | undefined;
      for (const { chunk, size } of readChunks(join(this.#root, entry.path))) {
        hash ??= gitHash(size);
        hash.update(chunk);
      }
      return (hash ?? gitHash(0)).digest("hex");
    });
  }

  #bytes({ path, mode }: TreeEntry): Buffer {
    const at = join(this.#root, path);
    try {
      return readable(path, () =>
        mode === "symlink"
          ? readlinkSync(at, { encoding: "buffer" })
          : readWhole(at, this.#limits.blobBytes),
      );
    } catch (error) {
      if (!(error instanceof FileTooLarge)) throw error;
      throw new Problem(
        "LimitExceeded",
        `${path} has ${error.size} bytes, more than ${this.#limits.blobBytes}`,
      );
    }
  }

  #notFound(directory: string, kind: Kind | undefined): Problem {
    const what =
      kind === undefined || kind === "directory"
        ? `${this.#root} has no directory "${directory}"`
        : `"${directory}" is a ${kind}, not a directory`;
    return new Problem("PathNotFound", what);
  }
}

/** Undefined for what Git does not hold. */
function kindOf(member: Dirent<Buffer>): Kind | undefined {
  if (member.isFile()) return "file";
  if (member.isSymbolicLink()) return "symlink";
  return member.isDirectory() ? "directory" : undefined;
}

/** As {@link Child}; the id stays unknown until it is asked for. */
function named(name: string, entry: TreeEntry): Child {
  return {
    name,
    mode: entry.mode,
    get blob() {
      return entry.blob;
    },
  };
}

/** @throws Problem InvalidManifest for a name that would be refused in a commit, too */
function checked(directory: string, name: Buffer): string {
  return checkPath(Buffer.concat([Buffer.from(directory === "" ? "" : `${directory}/`), name]));
}

function joined(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** Git's id of a blob, of so many bytes to come. */
function gitHash(bytes: number): Hash {
  return createHash("sha1").update(`blob ${bytes}\0`);
}

/** What the file system refuses, as a Problem that names the path. */
function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const what = `${path === "" ? "the directory" : path} cannot be read: ${code}`;
    throw new Problem("SourceUnreachable", what, { cause: error });
  }
}
