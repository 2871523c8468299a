/** A path on one's own disk, opened as a snapshot of what surrounds it. */
import { realpathSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
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
  /** `path` is relative to the root, not to the current directory. */
  fromRoot?: boolean | undefined;
  /** Where `git` is looked for: the PATH. */
  gitPath: string;
  now: () => Date;
  limits?: Partial<SourceLimits> | undefined;
}

export interface Local {
  snapshot: DirectorySnapshot;
  /** The root, absolute. */
  root: string;
  /** The wanted directory in the snapshot; the root is empty. */
  path: string;
  /** Absent where there is no commit: then the snapshot's is of now, and of nobody. */
  head: Head | undefined;
}

/** @throws Problem PathNotFound when a path is no directory, or is outside of the root */
export async function openLocal(o: LocalOptions): Promise<Local> {
  const given = o.root === undefined ? undefined : directoryAt(o.root, "the root");
  const from = given ?? directoryAt(o.fromRoot === true ? "." : o.path, "the path");
  const root = given ?? findWorkTree(from) ?? from;
  const wanted = directoryAt(o.fromRoot === true ? join(root, o.path) : o.path, "the path");
  const below = relative(root, wanted);
  if (below === ".." || below.startsWith(`..${sep}`)) {
    throw new Problem("PathNotFound", `${o.path} is not below the root ${root}`);
  }
  const workTree = findWorkTree(root);
  const head = workTree === undefined ? undefined : await headOf(workTree, o.gitPath);
  const commit = head?.commit ?? {
    id: "0".repeat(40),
    author: "",
    subject: "",
    time: o.now().toISOString(),
  };
  const revision = revisionOf(root, head);
  const snapshot = new DirectorySnapshot({ root, revision, commit, limits: o.limits });
  return { snapshot, root, path: below.split(sep).join("/"), head };
}

function revisionOf(root: string, head: Head | undefined): string {
  if (head === undefined) return `directory ${root}`;
  const at = head.branch === undefined ? "" : `${head.branch}@`;
  return `work tree of ${at}sha1:${head.commit.id}`;
}

function directoryAt(path: string, what: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new Problem("PathNotFound", `${what} ${path} ${why}`, { cause });
  try {
    const real = realpathSync(resolve(path));
    if (!statSync(real).isDirectory()) throw refuse("is a file: name its directory");
    return real;
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(code === "ENOENT" ? "does not exist" : `cannot be opened: ${code}`, error);
  }
}
