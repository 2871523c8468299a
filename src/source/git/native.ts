/** The port by the `git` command: blobless fetches, blobs in batches. Moves bytes, where it is installed. */
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../model/problem.ts";
import { defaultLimits, type SourceLimits } from "../limits.ts";
import { GitSnapshot } from "../snapshot.ts";
import { addressKey, authorization, checkUrl, display } from "./address.ts";
import { type GitBinary, GitFailure, runGit } from "./command.ts";
import { ObjectStore, type StoreBounds } from "./object-store.ts";
import { gitProblem } from "./problems.ts";
import { type AdvertisedRef, askedNames, resolveAll } from "./refs.ts";
import { type GitRemote, type ObserveGit, observed, type RemoteAddress } from "./remote.ts";

export interface NativeOptions {
  /** A directory that is ours alone; removed by `close`. */
  directory: string;
  /** The PATH on which `git` is. */
  path: string;
  limits?: Partial<SourceLimits> | undefined;
  bounds?: Partial<StoreBounds> | undefined;
  observe?: ObserveGit | undefined;
  /** Where a host told us that a repository is: git itself follows no redirect. */
  located?: ((url: string) => string) | undefined;
}

const defaultBounds: StoreBounds = { fetches: 200, bytes: 1024 * 1024 * 1024 };
/** Stores of remotes that nobody forgot, past which the one used longest ago goes. */
const maxStores = 1000;

export async function createNativeRemote(o: NativeOptions): Promise<GitRemote> {
  const limits = { ...defaultLimits, ...o.limits };
  const bounds = { ...defaultBounds, ...o.bounds };
  const binary: GitBinary = { path: o.path, home: join(o.directory, "home") };
  const readerDir = join(o.directory, "reader");
  await mkdir(binary.home, { recursive: true, mode: 0o700 });
  await mkdir(readerDir, { recursive: true, mode: 0o700 });
  await runGit(binary, {
    gitDir: readerDir,
    args: ["init", "--quiet", "--bare", "--template="],
    timeoutMs: 30_000,
    maxBytes: 65_536,
  });
  const stores = new Map<string, ObjectStore>();

  const configOf = async (remote: RemoteAddress): Promise<Record<string, string>> => {
    const url = checkUrl(remote.url).href;
    const header = authorization(remote.credentials);
    const ca = remote.credentials?.caCertificate;
    const config: Record<string, string> = { "remote.origin.url": o.located?.(url) ?? url };
    if (header !== undefined) config["http.extraHeader"] = `Authorization: ${header}`;
    if (ca !== undefined) {
      const digest = createHash("sha256").update(ca).digest("hex");
      const file = join(o.directory, `ca-${digest}.pem`);
      await writeFile(file, ca, { mode: 0o600 });
      config["http.sslCAInfo"] = file;
    }
    return config;
  };

  const storeOf = async (remote: RemoteAddress, url: URL): Promise<ObjectStore> => {
    const key = addressKey(remote);
    const config = stores.has(key) ? {} : await configOf(remote);
    const store =
      stores.get(key) ??
      new ObjectStore({
        binary,
        gitDir: join(o.directory, key),
        readerDir,
        remote: {
          config,
          where: display(url),
          observed: (exchange) =>
            observed({ operation: "fetch", host: url.host, observe: o.observe }, exchange),
        },
        limits,
        bounds,
      });
    stores.delete(key);
    stores.set(key, store);
    const [oldest] = stores.keys();
    if (stores.size > maxStores && oldest !== undefined) await closeStore(oldest);
    return store;
  };

  const closeStore = async (key: string): Promise<void> => {
    const store = stores.get(key);
    stores.delete(key);
    await store?.close();
  };

  return {
    /**
     * Any page that a server answers with 200 looks like a repository without refs to git, which
     * takes it for one of the "dumb" protocol: isomorphic-git is the one that looks (choose.ts).
     */
    async resolve(remote) {
      const url = checkUrl(remote.url);
      const where = display(url);
      const names = askedNames(remote.refs);
      let advertised: AdvertisedRef[] = [];
      if (names.length > 0) {
        const config = await configOf(remote);
        // Patterns match at the end of names as well; resolveAll takes exact names only.
        const patterns = names.flatMap((name) =>
          name.startsWith("refs/tags/") ? [name, `${name}^{}`] : [name],
        );
        const output = await observed(
          { operation: "ls-refs", host: url.host, observe: o.observe },
          async () => {
            try {
              return await runGit(binary, {
                gitDir: readerDir,
                args: ["ls-remote", "--symref", "--end-of-options", "origin", ...patterns],
                config,
                protocols: "http:https",
                signal: remote.signal,
                timeoutMs: limits.lookMs,
                maxBytes: limits.refsBytes,
              });
            } catch (error) {
              throw lookProblem(error, where, limits);
            }
          },
        );
        advertised = parseLsRemote(output.toString());
      }
      return resolveAll(remote.refs, advertised, where);
    },

    async open(remote) {
      const url = checkUrl(remote.url);
      if (!/^[0-9a-f]{40}$/.test(remote.commit)) {
        throw new Problem(
          "Unsupported",
          remote.commit.length === 64
            ? `${display(url)} uses SHA-256 object ids`
            : "the commit is not a full hexadecimal id",
        );
      }
      const store = await storeOf(remote, url);
      const { commit, tree } = await store.open(remote.commit, remote.signal);
      const { ahead } = remote;
      const more = ahead && (() => ahead(snapshot));
      const snapshot: GitSnapshot = new GitSnapshot({
        revision: remote.revision,
        commit,
        tree,
        limits,
        // By key, not by store: a store that was forgotten in between is begun anew.
        read: async (ids) => (await storeOf(remote, url)).read(ids, more),
      });
      return snapshot;
    },

    async forget(remote) {
      await closeStore(addressKey(remote));
    },

    async close() {
      await Promise.all([...stores.keys()].map(closeStore));
      await rm(o.directory, { recursive: true, force: true });
    },
  };
}

function lookProblem(error: unknown, where: string, limits: SourceLimits): unknown {
  if (!(error instanceof GitFailure)) return error;
  switch (error.reason) {
    case "timeout":
      return new Problem(
        "SourceUnreachable",
        `${where} did not answer within ${limits.lookMs / 1000} s`,
      );
    case "too-much":
      return new Problem("LimitExceeded", `${where} has too many refs`);
    case "failed":
      return gitProblem(error.stderr, { where });
  }
}

/** `ref: refs/heads/main\tHEAD`, `<id>\tHEAD`, `<id>\trefs/tags/v1^{}` */
function parseLsRemote(output: string): AdvertisedRef[] {
  const byName = new Map<string, AdvertisedRef>();
  const targets = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [value = "", name] = line.split("\t");
    if (name === undefined) continue;
    if (value.startsWith("ref: ")) targets.set(name, value.slice("ref: ".length));
    else if (name.endsWith("^{}")) {
      const tag = byName.get(name.slice(0, -"^{}".length));
      if (tag !== undefined) tag.peeled = value;
    } else byName.set(name, { name, id: value, target: targets.get(name) });
  }
  return [...byName.values()];
}
