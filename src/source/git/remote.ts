/**
 * The port to Git servers. Two adapters answer it alike (isomorphic.ts, native.ts), held to one
 * conformance suite: test/contract/source/remote.test.ts.
 */
import type { GitRef } from "../../model/application.ts";
import type { Problem } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** Who we are to the server, and whom we trust. Never part of a URL, an argument or a message. */
export type GitCredentials = (
  | { kind: "anonymous" }
  | { kind: "basic"; username: string; password: string }
  | { kind: "bearer"; token: string }
) & {
  /** PEM bundle; replaces the system's authorities for this remote. */
  caCertificate?: string;
};

export interface RemoteAddress {
  url: string;
  credentials?: GitCredentials | undefined;
}

export interface Resolved {
  /** Full hexadecimal id; an annotated tag is peeled to its commit. */
  commit: string;
  /** In Flux's form: `main@sha1:<id>`, `v1.2@sha1:<id>`, `refs/pull/1/head@sha1:<id>`, `sha1:<id>`. */
  revision: string;
}

/** What one look answers for one ref. A ref that is missing does not spoil the others. */
export type Resolution = Resolved | Problem;

export interface GitRemote {
  /**
   * One look at the remote's refs. `undefined` asks for the remote's HEAD. A pinned commit is
   * answered without a request: whether it exists shows when it is opened.
   * Answers in the order of `refs`; a missing ref is a Problem RevisionNotFound in its place.
   * @throws Problem SourceRefused, SourceUnreachable, SourceUnauthorized, LimitExceeded when
   *   nothing can be said of any ref; the reason of `signal` when that is aborted.
   */
  resolve(
    remote: RemoteAddress & { refs: readonly (GitRef | undefined)[]; signal: AbortSignal },
  ): Promise<readonly Resolution[]>;
  /**
   * The tree of one commit, fetched where it is missing. Blobs come with `Snapshot.read`; the first
   * time that some are missing, those that `ahead` names come with them, as far as limits allow.
   * @throws Problem as {@link resolve}, and RevisionNotFound when the remote does not have the commit.
   */
  open(
    remote: RemoteAddress &
      Resolved & {
        signal: AbortSignal;
        ahead?: ((snapshot: Snapshot) => Promise<readonly string[]>) | undefined;
      },
  ): Promise<Snapshot>;
  /** Drops what is kept of a remote. Snapshots of it that are still held fetch again what they need. */
  forget(remote: RemoteAddress): Promise<void>;
  /** Ends every process and request, removes every file. */
  close(): Promise<void>;
}

/** One exchange with a Git server, for metrics. */
export interface GitExchange {
  operation: "ls-refs" | "fetch";
  /** Host and port only. */
  host: string;
  /** `ok`, or the code of the Problem. */
  result: string;
  seconds: number;
}

export type ObserveGit = (exchange: GitExchange) => void;

/** Runs an exchange and reports how it went. An aborted one is not reported. */
export async function observed<T>(
  o: { operation: GitExchange["operation"]; host: string; observe: ObserveGit | undefined },
  exchange: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const report = (result: string) =>
    o.observe?.({
      operation: o.operation,
      host: o.host,
      result,
      seconds: (performance.now() - start) / 1000,
    });
  try {
    const answer = await exchange();
    report("ok");
    return answer;
  } catch (error) {
    if (error instanceof Error && error.name === "Problem") report((error as Problem).code);
    throw error;
  }
}
