/** A path on one's own disk, opened as a snapshot of what surrounds it. */
import { realpathSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { Problem } from "../model/problem.ts";
import { DirectorySnapshot } from "./directory.ts";
import type { SourceLimits } from "./limits.ts";
import { findWorkTree, type Head, headOf } from "./work-tree.ts";

export interface LocalOptions {
  /**
   * The directory that is wanted, and below which others may be reached: `root`, else the top of
   * the Git work tree that holds the path, else the path itself. Symlinks of both are followed.
   */
  path: string;
  root?: string | undefined;
  /** `path` is relative to the root, not to `cwd`. */
  fromRoot?: boolean | undefined;
  /** What relative paths are relative to. */
  cwd: string;
  /** Where `git` is looked for: the PATH. */
  gitPath: string;
  now: () => Date;
  limits?: Partial<SourceLimits> | undefined;
}

export interface Local {
  snapshot: DirectorySnapshot;
  /** The root, absolute, and why it is the root. */
  root: string;
  rootIs: "given" | "work tree" | "path";
  /** The wanted directory in the snapshot; the root is empty. */
  path: string;
  /** Absent where there is no commit: then the snapshot's is of now, and of nobody. */
  head: Head | undefined;
}

/** @throws Problem PathNotFound when a path is no directory, or is outside of the root */
export async function openLocal(o: LocalOptions): Promise<Local> {
  const given = o.root === undefined ? undefined : directoryAt(o.cwd, o.root, "the root");
  const from = given ?? directoryAt(o.cwd, o.fromRoot === true ? "." : o.path, "the path");
  const workTree = findWorkTree(from);
  const root = given ?? workTree ?? from;
  const wanted = directoryAt(o.fromRoot === true ? root : o.cwd, o.path, "the path");
  const below = relative(root, wanted);
  if (below === ".." || below.startsWith(`..${sep}`)) {
    throw new Problem("PathNotFound", `${o.path} is not below the root ${root}`);
  }
  const head = workTree === undefined ? undefined : await headOf(workTree, o.gitPath);
  const commit = head?.commit ?? {
    id: "0".repeat(40),
    author: "",
    subject: "",
    time: o.now().toISOString(),
  };
  const revision = revisionOf(root, head);
  const snapshot = new DirectorySnapshot({ root, revision, commit, limits: o.limits });
  const rootIs = given !== undefined ? "given" : workTree !== undefined ? "work tree" : "path";
  return { snapshot, root, rootIs, path: below.split(sep).join("/"), head };
}

function revisionOf(root: string, head: Head | undefined): string {
  if (head === undefined) return `directory ${root}`;
  const at = head.branch === undefined ? "" : `${head.branch}@`;
  return `work tree of ${at}sha1:${head.commit.id}`;
}

function directoryAt(cwd: string, path: string, what: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new Problem("PathNotFound", `${what} ${path} ${why}`, { cause });
  try {
    const real = realpathSync(resolve(cwd, path));
    if (!statSync(real).isDirectory()) throw refuse("is a file: name its directory");
    return real;
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(code === "ENOENT" ? "does not exist" : `cannot be opened: ${code}`, error);
  }
}
