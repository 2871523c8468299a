import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../model/problem.ts";
import type { Commit } from "../../model/snapshot.ts";
import type { SourceLimits } from "../limits.ts";
import { Tree } from "../tree.ts";
import { type GitBinary, type GitCommand, GitFailure, runGit } from "./command.ts";
import { ObjectReader } from "./object-reader.ts";
import { gitProblem } from "./problems.ts";

/** How a store reaches its remote. */
export interface StoreRemote {
  /** URL and credentials, as git's configuration. */
  config: Readonly<Record<string, string>>;
  /** How messages name it. */
  where: string;
  /** Runs one exchange and reports it. */
  observed<T>(exchange: () => Promise<T>): Promise<T>;
}

/** When a store is thrown away and begun anew, as soon as nobody reads. */
export interface StoreBounds {
  fetches: number;
  bytes: number;
}

const partialClone = {
  "remote.origin.promisor": "true",
  "remote.origin.partialclonefilter": "blob:none",
};
/** Files that come with others because somebody will read them. */
const mostAhead = 20_000;
/** Their contents are in memory at once. */
const lookedForAtOnce = 100;
const withoutBlobs = "--filter=blob:none";
/** With what we have named to the server, these are the files that changed: no second exchange. */
const withSmallBlobs = "--filter=blob:limit=64k";
/** git's words for a server that takes another filter only (`uploadpackfilter.*.allow`). */
const filterRefused = /filter .* not supported/;
/**
 * git's words for a file that came as a difference to one that we do not have: the server takes us
 * to have every file of the commits that we named, but this one nobody read.
 */
const baseMissing = /could not fetch \S+ from promisor remote|unresolved delta/;
const fetchFlags = [
  "--no-tags",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
  "--no-recurse-submodules",
  "--quiet",
];

/**
 * A bare, shallow, blobless repository of one remote, ours alone.
 *
 * One exchange runs at a time; blobs that are asked for while one runs are fetched together by
 * the next. What the store has is known from what it fetched, so that git never fetches lazily,
 * one object after another.
 */
export class ObjectStore {
  readonly #binary: GitBinary;
  readonly #gitDir: string;
  readonly #remote: StoreRemote;
  readonly #limits: SourceLimits;
  readonly #bounds: StoreBounds;
  readonly #reader: ObjectReader;
  readonly #closing = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #batch:
    | { ids: Set<string>; aheads: Set<() => Promise<readonly string[]>>; obtained: Promise<void> }
    | undefined;
  readonly #present = new Set<string>();
  #ready = false;
  #fetches = 0;
  /** The server takes no other filter (`uploadpackfilter.*.allow`). */
  #onlyWithoutBlobs = false;
  #readers = 0;
  /** Of this revision, files are fetched for those only who ask. */
  #noneAhead = false;

  constructor(o: {
    binary: GitBinary;
    gitDir: string;
    /** A bare repository that knows no remote, for reading; see {@link ObjectReader}. */
    readerDir: string;
    remote: StoreRemote;
    limits: SourceLimits;
    bounds: StoreBounds;
  }) {
    this.#binary = o.binary;
    this.#gitDir = o.gitDir;
    this.#remote = o.remote;
    this.#limits = o.limits;
    this.#bounds = o.bounds;
    this.#reader = new ObjectReader({
      binary: o.binary,
      gitDir: o.readerDir,
      objects: join(o.gitDir, "objects"),
    });
  }

  /** @throws Problem */
  async open(commit: string, signal: AbortSignal): Promise<{ commit: Commit; tree: Tree }> {
    return this.#exclusively(async () => {
      await this.#prepare({ renew: this.#readers === 0 });
      const stop = AbortSignal.any([signal, this.#closing.signal]);
      // One ref for each commit that we ask for: the next fetch says what it need not send again.
      const keep = `refs/mooring/${createHash("sha1").update(commit).digest("hex").slice(0, 2)}`;
      await this.#fetchCommit(
        ["--depth=1", "--force", "--end-of-options", "origin", `${commit}:${keep}`],
        { signal: stop, commit },
      );
      const run = (args: readonly string[]) => this.#run({ args, signal: stop, timeoutMs: 60_000 });
      const format = "--format=%H%x00%an%x00%cI%x00%s";
      const [show, listing] = await Promise.all([
        run(["log", "-1", "--no-show-signature", format, "--end-of-options", commit]),
        run(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit]),
      ]);
      const [id = commit, author = "", time = "", subject = ""] = show
        .toString()
        .replace(/\n$/, "")
        .split("\0");
      this.#noneAhead = false;
      return {
        commit: { id, author, subject, time: time.replace(/\+00:00$/, "Z") },
        tree: Tree.parse(listing, this.#limits.entries),
      };
    });
  }

  /**
   * All of these blobs.
   * @param ahead names blobs to fetch with them when some of them have to be fetched
   * @throws Problem
   */
  async read(
    ids: readonly string[],
    ahead?: () => Promise<readonly string[]>,
  ): Promise<ReadonlyMap<string, Buffer>> {
    this.#readers += 1;
    try {
      if (!this.#ready) await this.#exclusively(() => this.#prepare({ renew: false }));
      const unknown = ids.filter((id) => !this.#present.has(id));
      if (unknown.length > 0) await this.#obtain(unknown, ahead);
      const found = await this.#reader.read(ids);
      if (found.size === ids.length) return found;
      // The store was begun anew in between.
      const lost = ids.filter((id) => !found.has(id));
      for (const id of lost) this.#present.delete(id);
      await this.#obtain(lost);
      return await this.#reader.read(ids);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("SourceUnreachable", `files of ${this.#remote.where} could not be read`, {
        cause: error,
      });
    } finally {
      this.#readers -= 1;
    }
  }

  /** Ends every process. Whoever waits gets an error. */
  async close(): Promise<void> {
    this.#closing.abort(new Problem("SourceUnreachable", "the source was closed"));
    this.#reader.close();
    await this.#tail.catch(() => {});
    this.#reader.close();
    await rm(this.#gitDir, { recursive: true, force: true });
  }

  /** Makes sure that these are there: readers of the same moment, and of one exchange, together. */
  #obtain(ids: readonly string[], ahead?: () => Promise<readonly string[]>): Promise<void> {
    let batch = this.#batch;
    if (batch === undefined) {
      const wanted = new Set<string>();
      const aheads = new Set<() => Promise<readonly string[]>>();
      const obtained = this.#exclusively(async () => {
        // Readers of the same moment still join; then the batch is closed.
        await new Promise(setImmediate);
        this.#batch = undefined;
        await this.#prepare({ renew: false });
        const missing = await this.#missingOf([...wanted].filter((id) => !this.#present.has(id)));
        if (missing.length === 0) return;
        const more = this.#noneAhead ? [] : await this.#aheadOf(missing, aheads);
        try {
          await this.#fetchBlobs([...missing, ...more]);
        } catch (error) {
          if (more.length === 0) throw error;
          // What others want may be too much: then it is theirs to fail, and not tried again.
          this.#noneAhead = true;
          if (!isTooMuch(error)) throw error;
          await this.#fetchBlobs(missing);
        }
      });
      batch = { ids: wanted, aheads, obtained };
      this.#batch = batch;
    }
    for (const id of ids) batch.ids.add(id);
    if (ahead !== undefined) batch.aheads.add(ahead);
    return batch.obtained;
  }

  async #aheadOf(
    missing: readonly string[],
    aheads: Iterable<() => Promise<readonly string[]>>,
  ): Promise<string[]> {
    const more = new Set<string>();
    for (const ahead of aheads)
      for (const id of await ahead()) if (!this.#present.has(id)) more.add(id);
    for (const id of missing) more.delete(id);
    return [...more].slice(0, mostAhead);
  }

  async #fetchBlobs(ids: readonly string[]): Promise<void> {
    await this.#remote.observed(() =>
      this.#fetch(withoutBlobs, ["--stdin", "--end-of-options", "origin"], {
        input: `${ids.join("\n")}\n`,
        signal: this.#closing.signal,
        negotiate: false,
      }),
    );
    for (const id of ids) this.#present.add(id);
  }

  /**
   * Those that did not come with the commit. Small files that changed do, and all of them from a
   * remote that ignores filters; where the first one did not, none is looked for.
   */
  async #missingOf(ids: readonly string[]): Promise<readonly string[]> {
    const probe = await this.#reader.read(ids.slice(0, 1));
    if (probe.size === 0) return ids;
    const missing: string[] = [];
    for (let from = 0; from < ids.length; from += lookedForAtOnce) {
      const some = ids.slice(from, from + lookedForAtOnce);
      const there = await this.#reader.read(some);
      for (const id of some) {
        if (there.has(id)) this.#present.add(id);
        else missing.push(id);
      }
    }
    return missing;
  }

  async #fetchCommit(
    args: readonly string[],
    o: { signal: AbortSignal; commit: string },
  ): Promise<void> {
    return this.#remote.observed(async () => {
      if (this.#fetches === 0 || this.#onlyWithoutBlobs) return this.#fetch(withoutBlobs, args, o);
      try {
        await this.#fetch(withSmallBlobs, args, o);
      } catch (error) {
        const detail = error instanceof Problem ? (error.detail ?? "") : "";
        if (filterRefused.test(detail)) this.#onlyWithoutBlobs = true;
        else if (!baseMissing.test(detail)) throw error;
        await this.#fetch(withoutBlobs, args, o);
      }
    });
  }

  async #fetch(
    filter: string,
    args: readonly string[],
    o: { signal: AbortSignal; input?: string; commit?: string; negotiate?: boolean },
  ): Promise<void> {
    this.#fetches += 1;
    const tooMuch = new AbortController();
    const before = await directoryBytes(join(this.#gitDir, "objects", "pack"));
    const watch = setInterval(async () => {
      const bytes = await directoryBytes(join(this.#gitDir, "objects", "pack"));
      if (bytes - before > this.#limits.fetchBytes) {
        tooMuch.abort(
          new Problem(
            "LimitExceeded",
            `${this.#remote.where} sends more than ${this.#limits.fetchBytes} bytes`,
          ),
        );
      }
    }, 250).unref();
    try {
      await this.#run({
        args: ["fetch", filter, ...fetchFlags, ...args],
        protocols: "http:https",
        config: {
          ...partialClone,
          ...this.#remote.config,
          ...(o.negotiate === false ? { "fetch.negotiationAlgorithm": "noop" } : {}),
        },
        ...(o.input === undefined ? {} : { input: o.input }),
        signal: AbortSignal.any([o.signal, tooMuch.signal]),
        timeoutMs: this.#limits.fetchMs,
        ...(o.commit === undefined ? {} : { commit: o.commit }),
      });
    } catch (error) {
      await this.#removeLeftovers();
      throw error;
    } finally {
      clearInterval(watch);
    }
  }

  async #run(
    command: Omit<GitCommand, "gitDir" | "maxBytes"> & { commit?: string },
  ): Promise<Buffer> {
    const { where } = this.#remote;
    try {
      return await runGit(this.#binary, {
        ...command,
        gitDir: this.#gitDir,
        maxBytes: 512 * this.#limits.entries,
      });
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      switch (error.reason) {
        case "timeout":
          throw new Problem(
            "SourceUnreachable",
            `${where} did not answer within ${command.timeoutMs / 1000} s`,
          );
        case "too-much":
          throw new Problem("LimitExceeded", `the tree of ${where} is too large`);
        case "failed":
          throw gitProblem(error.stderr, {
            where,
            ...(command.commit === undefined ? {} : { commit: command.commit }),
          });
      }
    }
  }

  /** Creates the repository; with `renew`, begins it anew when it has grown past its bounds. */
  async #prepare({ renew }: { renew: boolean }): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (this.#ready) {
      if (!renew || !(await this.#outgrown())) return;
      this.#reader.close();
      this.#present.clear();
      this.#ready = false;
    }
    await rm(this.#gitDir, { recursive: true, force: true });
    await mkdir(this.#gitDir, { recursive: true, mode: 0o700 });
    await this.#run({ args: ["init", "--quiet", "--bare", "--template="], timeoutMs: 30_000 });
    this.#fetches = 0;
    this.#ready = true;
  }

  async #outgrown(): Promise<boolean> {
    if (this.#fetches >= this.#bounds.fetches) return true;
    return (await directoryBytes(join(this.#gitDir, "objects", "pack"))) > this.#bounds.bytes;
  }

  /** Locks and half packs of a git that was killed. Nobody else works in this repository. */
  async #removeLeftovers(): Promise<void> {
    const inDirectory = async (directory: string, leftover: RegExp) => {
      for (const name of await readdir(directory).catch(() => [])) {
        if (leftover.test(name)) await rm(join(directory, name), { force: true });
      }
    };
    await inDirectory(this.#gitDir, /\.lock$/);
    await inDirectory(join(this.#gitDir, "refs", "mooring"), /\.lock$/);
    await inDirectory(join(this.#gitDir, "objects", "pack"), /^tmp_|\.lock$/);
    await inDirectory(join(this.#gitDir, "objects"), /^tmp_|incoming/);
  }

  /** Runs one job after another; a failed one does not stop the next. */
  #exclusively<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(job, job);
    this.#tail = done.catch(() => {});
    return done;
  }
}

function isTooMuch(error: unknown): boolean {
  return error instanceof Problem && error.code === "LimitExceeded";
}

async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    bytes += await stat(join(directory, name)).then(
      (file) => file.size,
      () => 0,
    );
  }
  return bytes;
}
