/** The Git work tree that a directory on disk belongs to, and the commit it was checked out at. */
import fs, { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import git from "isomorphic-git";
import type { Commit } from "../model/snapshot.ts";
import { runGit } from "./git/command.ts";
import { readCommit } from "./git/isomorphic.ts";

export interface Head {
  /** Absent when HEAD is detached. */
  branch?: string;
  commit: Commit;
}

const gitTimeoutMs = 10_000;
/** Of the one line that is asked for. */
const gitMaxBytes = 1024 * 1024;

/**
 * The top of the work tree that holds a directory: the nearest one upwards with a repository.
 * @param directory absolute, without symlinks
 */
export function findWorkTree(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (gitDirectoryOf(at) !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}

/**
 * The repository of a work tree: its `.git`, or what that file points to (submodules, linked work
 * trees). As Git, takes a directory without HEAD for none.
 */
export function gitDirectoryOf(workTree: string): string | undefined {
  const path = join(workTree, ".git");
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return exists(join(path, "HEAD")) ? path : undefined;
  if (!found?.isFile()) return undefined;
  const [, target] = /^gitdir: (.+)$/m.exec(readFileSync(path, "utf8")) ?? [];
  return target === undefined ? undefined : resolve(workTree, target);
}

/**
 * What HEAD is; undefined where it cannot be told, as before the first commit. `git` reads it where
 * it is installed: isomorphic-git, which does otherwise, reads a pack as a whole.
 * @param path where `git` is looked for: the PATH
 */
export async function headOf(workTree: string, path: string): Promise<Head | undefined> {
  const gitDir = gitDirectoryOf(workTree);
  if (gitDir === undefined) return undefined;
  try {
    const head = readFileSync(join(gitDir, "HEAD"), "utf8").trim();
    const commit = (await byGit(gitDir, path)) ?? (await inProcess(gitDir, head));
    const [, branch] = /^ref: refs\/heads\/(.+)$/.exec(head) ?? [];
    return branch === undefined ? { commit } : { branch, commit };
  } catch {
    return undefined;
  }
}

async function byGit(gitDir: string, path: string): Promise<Commit | undefined> {
  const format = "--format=%H%x00%an%x00%cI%x00%s";
  try {
    const line = await runGit(
      { path, home: "/dev/null" },
      {
        gitDir,
        // A repository's own configuration may ask for a program that checks signatures.
        args: ["log", "-1", "--no-show-signature", "--no-notes", format, "HEAD", "--"],
        timeoutMs: gitTimeoutMs,
        maxBytes: gitMaxBytes,
      },
    );
    const [id, author, time, subject] = line.toString().trimEnd().split("\0");
    if (id === undefined || author === undefined || time === undefined) return undefined;
    return { id, author, time, subject: subject ?? "" };
  } catch {
    return undefined;
  }
}

async function inProcess(gitDir: string, head: string): Promise<Commit> {
  // A linked work tree has its own HEAD; branches and objects are in the main one's repository.
  const shared = join(gitDir, "commondir");
  const gitdir = exists(shared) ? resolve(gitDir, readFileSync(shared, "utf8").trim()) : gitDir;
  const [, ref] = /^ref: (.+)$/.exec(head) ?? [];
  const id = ref === undefined ? head : await git.resolveRef({ fs, gitdir, ref });
  return readCommit(gitdir, id, {});
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
