/** What is compared with the cluster: a revision of the Application's repository, or files of this machine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Objects } from "../../cluster/objects.ts";
import type { Application, GitRef } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { createGitRemote } from "../../source/git/choose.ts";
import type { GitRemote } from "../../source/git/remote.ts";
import { openLocal } from "../../source/local.ts";
import type { Reviews } from "../check/review.ts";
import { terminalMessage } from "../output/message.ts";
import { chooseCredentials } from "./credentials.ts";
import { refsNamed } from "./revision.ts";

export interface OpenedSource {
  snapshot: Snapshot;
  /** Directory in the snapshot. */
  path: string;
  notes: readonly string[];
  close(): Promise<void>;
}

export interface SourceOptions {
  /** A directory of a checkout; without it the repository is asked. */
  local: string | undefined;
  /** Stands for the repository, with `local`; else the top of its Git work tree. */
  root: string | undefined;
  /** Another one than the Application's. */
  revision: string | undefined;
  objects: Objects;
  reviews: Pick<Reviews, "mayIn">;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  signal: AbortSignal;
}

/** @throws Problem as GitRemote and openLocal do */
export async function openSource(
  application: Application,
  o: SourceOptions,
): Promise<OpenedSource> {
  return o.local === undefined
    ? await fetched(application, o)
    : await localFiles(application, o.local, o);
}

async function localFiles(
  { spec }: Application,
  directory: string,
  o: SourceOptions,
): Promise<OpenedSource> {
  const { snapshot, path } = await openLocal({
    path: spec.source.path,
    fromRoot: true,
    root: o.root === undefined ? undefined : resolve(o.cwd, o.root),
    cwd: resolve(o.cwd, directory),
    gitPath: o.env.PATH ?? "",
    now: o.now,
  });
  return { snapshot, path, notes: [], close: async () => {} };
}

async function fetched(application: Application, o: SourceOptions): Promise<OpenedSource> {
  const { git, path } = application.spec.source;
  const { credentials, note } = await chooseCredentials(application, o);
  const directory = await mkdtemp(join(tmpdir(), "mooring-diff-"));
  const remote = await createGitRemote({ dataDirectory: directory, path: o.env.PATH ?? "" });
  const close = async () => {
    await remote.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const address = { url: git.url, credentials, signal: o.signal };
    const refs = o.revision === undefined ? [git.ref] : refsNamed(o.revision, application);
    const found = await resolved(remote, address, refs);
    const snapshot = await remote.open({ ...address, ...found });
    return { snapshot, path, notes: note === undefined ? [] : [note], close };
  } catch (error) {
    await close();
    // Why it was asked without credentials is most of the reason.
    if (note === undefined || o.signal.aborted) throw error;
    throw new Error(`${terminalMessage(error)}\n${note}`, { cause: error });
  }
}

/** The first of the refs that the remote has. */
async function resolved(
  remote: GitRemote,
  address: Omit<Parameters<GitRemote["resolve"]>[0], "refs">,
  refs: readonly (GitRef | undefined)[],
): Promise<{ commit: string; revision: string }> {
  const answers = await remote.resolve({ ...address, refs });
  const found = answers.find((answer) => !(answer instanceof Problem));
  if (found !== undefined && !(found instanceof Problem)) return found;
  throw answers[0];
}
