/** The port in-process, by isomorphic-git: refs for all, everything where `git` is not installed. */
import fs, { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import git from "isomorphic-git";
import { Problem } from "../../model/problem.ts";
import type { Commit } from "../../model/snapshot.ts";
import { defaultLimits, type SourceLimits } from "../limits.ts";
import { GitSnapshot } from "../snapshot.ts";
import { Tree } from "../tree.ts";
import { addressKey, authorization, checkUrl, display } from "./address.ts";
import { GitHttp } from "./http.ts";
import { transportProblem } from "./problems.ts";
import { type AdvertisedRef, askedNames, commonPrefix, resolveAll } from "./refs.ts";
import {
  type GitRemote,
  type ObserveGit,
  observed,
  type RemoteAddress,
  type Resolved,
} from "./remote.ts";

export interface IsomorphicOptions {
  /** A directory that is ours alone; removed by `close`. */
  directory: string;
  limits?: Partial<SourceLimits> | undefined;
  observe?: ObserveGit | undefined;
  /** Shared with whoever wants to know where a host moved a repository. */
  http?: GitHttp | undefined;
}

/** Commits of one remote that are kept; each is a shallow repository of its own. */
const keptCommits = 4;

export function createIsomorphicRemote(o: IsomorphicOptions): GitRemote {
  const limits = { ...defaultLimits, ...o.limits };
  const http = o.http ?? new GitHttp();
  const closing = new AbortController();

  const lsRefs = async (remote: RemoteAddress, prefix: string, signal: AbortSignal) => {
    const url = checkUrl(remote.url);
    const refs = await git.listServerRefs({
      http: http.client({
        caCertificate: remote.credentials?.caCertificate,
        signal,
        timeoutMs: limits.lookMs,
        maxBytes: limits.refsBytes,
      }),
      url: url.href,
      headers: headersOf(remote),
      protocolVersion: 2,
      prefix,
      symrefs: true,
      peelTags: true,
    });
    return refs.map(
      ({ ref, oid, peeled, target }): AdvertisedRef => ({ name: ref, id: oid, peeled, target }),
    );
  };

  const directoryOf = (remote: RemoteAddress & Resolved) =>
    join(o.directory, addressKey(remote), remote.commit);

  const fetching = new Map<string, Promise<void>>();
  /** One fetch for all who want the same commit at the same time. */
  const fetchCommit = (
    remote: RemoteAddress & Resolved & { signal: AbortSignal },
    gitdir: string,
  ): Promise<void> => {
    const running =
      fetching.get(gitdir) ??
      fetchInto(remote, gitdir).finally(() => {
        fetching.delete(gitdir);
      });
    fetching.set(gitdir, running);
    return running;
  };

  const fetchInto = async (
    remote: RemoteAddress & Resolved & { signal: AbortSignal },
    gitdir: string,
  ): Promise<void> => {
    const url = checkUrl(remote.url);
    await keepNewest(join(o.directory, addressKey(remote)), keptCommits - 1);
    await mkdir(gitdir, { recursive: true });
    try {
      await git.init({ fs, gitdir, bare: true });
      await git.addRemote({ fs, gitdir, remote: "origin", url: url.href, force: true });
      await guarded(url, remote.signal, () =>
        observed({ operation: "fetch", host: url.host, observe: o.observe }, () =>
          git
            .fetch({
              fs,
              http: http.client({
                caCertificate: remote.credentials?.caCertificate,
                signal: remote.signal,
                timeoutMs: limits.fetchMs,
                maxBytes: limits.fetchBytes,
              }),
              gitdir,
              remote: "origin",
              remoteRef: remote.commit,
              ref: remote.commit,
              depth: 1,
              singleBranch: true,
              tags: false,
              headers: headersOf(remote),
            })
            .catch((error) => {
              throw refused(error) ? noCommit(url, remote.commit) : error;
            }),
        ),
      );
    } catch (error) {
      await rm(gitdir, { recursive: true, force: true });
      throw error;
    }
  };

  return {
    async resolve(remote) {
      const url = checkUrl(remote.url);
      const names = askedNames(remote.refs);
      const advertised: AdvertisedRef[] = [];
      if (names.length > 0) {
        // HEAD shares no prefix with the others: one question more, not all refs of the server.
        const rest = names.filter((name) => name !== "HEAD");
        const prefixes = [...(names.includes("HEAD") ? ["HEAD"] : [])];
        if (rest.length > 0) prefixes.push(commonPrefix(rest));
        await guarded(url, remote.signal, () =>
          observed({ operation: "ls-refs", host: url.host, observe: o.observe }, async () => {
            for (const prefix of prefixes) {
              advertised.push(...(await lsRefs(remote, prefix, remote.signal)));
            }
          }),
        );
      }
      return resolveAll(remote.refs, advertised, display(url));
    },

    async open(remote) {
      const url = checkUrl(remote.url);
      const gitdir = directoryOf(remote);
      await fetchCommit(remote, gitdir);
      const cache = {};
      let commit: Commit;
      let tree: Tree;
      try {
        commit = await readCommit(gitdir, remote.commit, cache);
        tree = await readTree(gitdir, remote.commit, cache, limits);
      } catch (error) {
        if (error instanceof Problem) throw error;
        throw noCommit(url, remote.commit);
      }
      const packs = shortLived<object>(() => ({}));
      return new GitSnapshot({
        revision: remote.revision,
        commit,
        tree,
        limits,
        read: async (ids) => {
          // Gone when newer commits took its place, or the remote was forgotten.
          await fetching.get(gitdir);
          if (!existsSync(gitdir)) {
            await fetchCommit({ ...remote, signal: closing.signal }, gitdir);
          }
          return readBlobs(url, gitdir, ids, packs());
        },
      });
    },

    async forget(remote) {
      await rm(join(o.directory, addressKey(remote)), { recursive: true, force: true });
    },

    async close() {
      closing.abort(new Problem("SourceUnreachable", "the source was closed"));
      await http.close();
      await rm(o.directory, { recursive: true, force: true });
    },
  };
}

/** A value that is made anew when it was not asked for in a while: a pack is held whole in memory. */
function shortLived<T>(make: () => T): () => T {
  let value: T | undefined;
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      value = undefined;
    }, 5_000).unref();
    value ??= make();
    return value;
  };
}

async function keepNewest(directory: string, count: number): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const aged = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      return { path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  aged.sort((a, b) => b.time - a.time);
  for (const { path } of aged.slice(count)) await rm(path, { recursive: true, force: true });
}

async function readBlobs(
  url: URL,
  gitdir: string,
  ids: readonly string[],
  cache: object,
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  try {
    for (const oid of ids) {
      const { blob } = await git.readBlob({ fs, gitdir, oid, cache });
      found.set(oid, Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength));
    }
  } catch (error) {
    throw new Problem("SourceUnreachable", `files of ${display(url)} could not be read`, {
      cause: error,
    });
  }
  return found;
}

function headersOf(remote: RemoteAddress): Record<string, string> {
  const value = authorization(remote.credentials);
  return value === undefined ? {} : { Authorization: value };
}

async function guarded<T>(url: URL, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    throw transportProblem(error, { where: display(url), timedOut: undefined });
  }
}

/** upload-pack's ways to say that it has no such object, or does not give it. */
function refused(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "NotFoundError" || /not our ref|unadvertised object/.test(error.message))
  );
}

function noCommit(url: URL, commit: string): Problem {
  return new Problem("RevisionNotFound", `${display(url)} has no commit ${commit} (any more)`);
}

/** @throws Error of isomorphic-git when the repository has no such commit */
export async function readCommit(gitdir: string, oid: string, cache: object): Promise<Commit> {
  const { commit } = await git.readCommit({ fs, gitdir, oid, cache });
  return {
    id: oid,
    author: commit.author.name,
    subject: commit.message.split("\n", 1)[0] ?? "",
    time: rfc3339(commit.committer.timestamp, commit.committer.timezoneOffset),
  };
}

/** As git's %cI writes it: local time of the committer with its offset. */
function rfc3339(seconds: number, westMinutes: number): string {
  const east = -westMinutes;
  const local = new Date((seconds + east * 60) * 1000).toISOString().slice(0, 19);
  if (east === 0) return `${local}Z`;
  const two = (n: number) => String(n).padStart(2, "0");
  const size = Math.abs(east);
  return `${local}${east < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The tree in the form of `git ls-tree -r -z`, which {@link Tree} reads. */
async function readTree(
  gitdir: string,
  commit: string,
  cache: object,
  limits: SourceLimits,
): Promise<Tree> {
  const records: string[] = [];
  const walk = async (oid: string, prefix: string): Promise<void> => {
    const { tree } = await git.readTree({ fs, gitdir, oid, cache });
    for (const entry of tree) {
      if (entry.type === "tree") await walk(entry.oid, `${prefix}${entry.path}/`);
      else records.push(`${entry.mode} ${entry.type} ${entry.oid}\t${prefix}${entry.path}\0`);
      if (records.length > limits.entries) {
        throw new Problem("LimitExceeded", `the revision has more than ${limits.entries} files`);
      }
    }
  };
  await walk(commit, "");
  const lines = records.map((record) => {
    const path = Buffer.from(record.slice(record.indexOf("\t") + 1, -1));
    return { path, bytes: Buffer.from(record) };
  });
  lines.sort((a, b) => Buffer.compare(a.path, b.path));
  return Tree.parse(Buffer.concat(lines.map((line) => line.bytes)), limits.entries);
}
