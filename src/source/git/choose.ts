/** Which adapter does what: isomorphic-git looks, the `git` command fetches where it is installed. */
import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SourceLimits } from "../limits.ts";
import { GitHttp } from "./http.ts";
import { createIsomorphicRemote } from "./isomorphic.ts";
import { createNativeRemote } from "./native.ts";
import { createPrivateDirectory } from "./private-directory.ts";
import type { GitRemote, ObserveGit } from "./remote.ts";

/** The oldest git with all that the native adapter asks for (`fetch --stdin`, `GIT_CONFIG_COUNT`). */
const oldest = [2, 31] as const;

export interface GitRemoteOptions {
  /** Directory for Git data, ours and our predecessors'. What they left is removed. */
  dataDirectory: string;
  /** The PATH on which `git` is looked for. */
  path: string;
  limits?: Partial<SourceLimits> | undefined;
  observe?: ObserveGit | undefined;
}

/** The version of the installed git, when it is new enough for the native adapter. */
export async function usableGit(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"], {
      env: { PATH: path, LC_ALL: "C" },
      timeout: 10_000,
    });
    const [, version = "", major, minor] = /git version ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
    const enough =
      Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
    return enough ? version : undefined;
  } catch {
    return undefined;
  }
}

/** The port as the controller uses it: no process for a look, git's speed for a fetch. */
export async function createGitRemote(o: GitRemoteOptions): Promise<GitRemote> {
  const directory = await createPrivateDirectory(o.dataDirectory);
  const http = new GitHttp();
  const shared = { limits: o.limits, observe: o.observe };
  const looking = createIsomorphicRemote({
    ...shared,
    http,
    directory: join(directory, "objects"),
  });
  if ((await usableGit(o.path)) === undefined) {
    return { ...looking, close: () => looking.close().finally(() => remove(directory)) };
  }
  const nativeDirectory = join(directory, "native");
  await mkdir(nativeDirectory, { mode: 0o700 });
  const fetching = await createNativeRemote({
    ...shared,
    directory: nativeDirectory,
    path: o.path,
    located: (url) => http.located(url),
  });
  return {
    resolve: (remote) => looking.resolve(remote),
    open: (remote) => fetching.open(remote),
    forget: (remote) => fetching.forget(remote),
    close: async () => {
      await Promise.all([looking.close(), fetching.close()]).finally(() => remove(directory));
    },
  };
}

function remove(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}
