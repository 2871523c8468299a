/** What the native adapter promises beyond the port: batches, bounds, leftovers, processes. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { createGitRemote } from "../../../src/source/git/choose.ts";
import { createNativeRemote, type NativeOptions } from "../../../src/source/git/native.ts";
import { createPrivateDirectory } from "../../../src/source/git/private-directory.ts";
import type { GitExchange, GitRemote } from "../../../src/source/git/remote.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";

const path = process.env.PATH ?? "";
const signal = new AbortController().signal;
let server: GitServer;
let directory: string;
let remotes: GitRemote[];
let exchanges: GitExchange[];
let count = 0;

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-store-"));
  remotes = [];
  exchanges = [];
});
afterEach(async () => {
  await Promise.all(remotes.map((remote) => remote.close()));
  await rm(directory, { recursive: true, force: true });
});

async function native(o: Partial<NativeOptions> = {}): Promise<GitRemote> {
  const own = join(directory, `remote-${remotes.length}`);
  await mkdir(own);
  const observe = (exchange: GitExchange) => void exchanges.push(exchange);
  const remote = await createNativeRemote({ directory: own, path, observe, ...o });
  remotes.push(remote);
  return remote;
}
async function repository() {
  const name = `s${count++}`;
  return { name, url: server.url(name), repo: await server.createRepository(name) };
}
const open = (remote: GitRemote, url: string, commit: string) =>
  remote.open({ url, commit, revision: commit, signal });
async function text(snapshot: Snapshot, directory = ""): Promise<Record<string, string>> {
  const entries = await snapshot.list(directory);
  const blobs = await snapshot.read(entries.map(({ blob }) => blob));
  return Object.fromEntries(entries.map(({ path, blob }) => [path, String(blobs.get(blob))]));
}
/** Processes of git that this one started: their argv and environment. */
async function gitProcesses(): Promise<{ pid: number; argv: string; environment: string }[]> {
  const found: { pid: number; argv: string; environment: string }[] = [];
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const argv = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (/^\S*git/.test(argv) && environment.includes(directory)) {
      found.push({ pid, argv, environment });
    }
  }
  return found;
}

test("thousands of files of many readers come in one exchange", async () => {
  const { name, url, repo } = await repository();
  const files = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`app${i % 500}/f${i}.yaml`, `content ${i}`]),
  );
  const snapshot = await open(await native(), url, await repo.commit(files));
  server.resetCounts();
  const all = await Promise.all(Array.from({ length: 500 }, (_, i) => text(snapshot, `app${i}`)));
  expect(Object.assign({}, ...all)).toEqual(files);
  expect(server.counts(name).uploadPacks).toBe(1);
});

test("what others will read comes along, and is not asked for again", async () => {
  const { name, url, repo } = await repository();
  const commit = await repo.commit({ "a/f": "of a", "b/f": "of b", "c/f": "of c" });
  const remote = await native();
  const snapshot = await remote.open({
    ...{ url, commit, revision: commit, signal },
    ahead: async (seen) => (await seen.list("b")).map(({ blob }) => blob),
  });
  server.resetCounts();
  expect(await text(snapshot, "a")).toEqual({ "a/f": "of a" });
  expect(await text(snapshot, "b")).toEqual({ "b/f": "of b" });
  expect(server.counts(name).uploadPacks).toBe(1);
  expect(await text(snapshot, "c")).toEqual({ "c/f": "of c" });
  expect(server.counts(name).uploadPacks).toBe(2);
});

test("what others will read spoils nobody's files when it is too much", async () => {
  const { url, repo } = await repository();
  const noise = randomBytes(24_000_000);
  const commit = await repo.commit({ "a/f": "of a", "b/f": noise });
  const remote = await native({ limits: { fetchBytes: 100_000, blobBytes: 100_000_000 } });
  const snapshot = await remote.open({
    ...{ url, commit, revision: commit, signal },
    ahead: async (seen) => (await seen.list("b")).map(({ blob }) => blob),
  });
  expect(await text(snapshot, "a")).toEqual({ "a/f": "of a" });
  expect(exchanges.at(-2)).toMatchObject({ operation: "fetch", result: "LimitExceeded" });
  await expect(text(snapshot, "b")).rejects.toMatchObject({ code: "LimitExceeded" });
});

test("a push that changes few files takes one exchange, and sends only those", async () => {
  const { name, url, repo } = await repository();
  const large = "x".repeat(60_000);
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`d${i}/f`, `${large}${i}`]),
  );
  const remote = await native();
  await text(await open(remote, url, await repo.commit(files)));
  const second = await repo.commit({ "d7/f": "changed" });
  server.resetCounts();
  expect((await text(await open(remote, url, second), "d7"))["d7/f"]).toBe("changed");
  const { requests, bytesSent } = server.counts(name);
  expect(requests).toBe(2);
  expect(bytesSent).toBeLessThan(20_000);
});

test("a server that filters nothing sends everything once", async () => {
  const plain = await startGitServer({ allowFilter: false });
  try {
    const repo = await plain.createRepository("plain");
    const remote = await native();
    const snapshot = await open(remote, plain.url("plain"), await repo.commit({ a: "1", b: "2" }));
    plain.resetCounts();
    expect(await text(snapshot)).toEqual({ a: "1", b: "2" });
    expect(plain.counts("plain").requests).toBe(0);
    const next = await repo.commit({ b: "3" });
    expect(await text(await open(remote, plain.url("plain"), next))).toEqual({ a: "1", b: "3" });
  } finally {
    await plain.stop();
  }
});

test("a server that allows only one kind of filter is served with that", async () => {
  const { url, repo } = await repository();
  await repo.configure("uploadpackfilter.allow", "false");
  await repo.configure("uploadpackfilter.blob:none.allow", "true");
  const remote = await native();
  expect(await text(await open(remote, url, await repo.commit({ a: "1" })))).toEqual({ a: "1" });
  expect(await text(await open(remote, url, await repo.commit({ a: "2" })))).toEqual({ a: "2" });
  expect(await text(await open(remote, url, await repo.commit({ a: "3" })))).toEqual({ a: "3" });
});

test("a store that has grown past its bounds is begun anew, and old snapshots go on", async () => {
  const { url, repo } = await repository();
  const remote = await native({ bounds: { fetches: 2 } });
  const first = await open(remote, url, await repo.commit({ a: "1", b: "same" }));
  for (const value of ["2", "3", "4", "5"]) {
    const snapshot = await open(remote, url, await repo.commit({ a: value }));
    expect(await text(snapshot)).toEqual({ a: value, b: "same" });
  }
  expect(await text(first)).toEqual({ a: "1", b: "same" });
});

test("what a killed git left behind does not stop the next fetch", async () => {
  const { name, url, repo } = await repository();
  const remote = await native({ limits: { fetchMs: 1000 } });
  await text(await open(remote, url, await repo.commit({ a: "1" })));
  const [store = ""] = (await readdir(join(directory, "remote-0"))).filter((n) =>
    /^[0-9a-f]{64}$/.test(n),
  );
  const second = await repo.commit({ a: "2" });
  server.behave({ kind: "hang" }, name);
  const gitDir = join(directory, "remote-0", store);
  const stuck = open(remote, url, second);
  await writeFile(join(gitDir, "shallow.lock"), "");
  await writeFile(join(gitDir, "objects", "pack", "tmp_pack_x"), "half");
  await expect(stuck).rejects.toThrow("within 1 s");
  expect(existsSync(join(gitDir, "shallow.lock"))).toBe(false);
  server.behave({ kind: "serve" }, name);
  expect(await text(await open(remote, url, second))).toEqual({ a: "2" });
});

test("a git that is killed in the middle is SourceUnreachable, and the next attempt works", async () => {
  const { name, url, repo } = await repository();
  const remote = await native();
  const commit = await repo.commit({ a: "1" });
  server.behave({ kind: "hang" }, name);
  const stuck = open(remote, url, commit);
  const failed = expect(stuck).rejects.toMatchObject({ code: "SourceUnreachable" });
  await expect.poll(async () => (await gitProcesses()).length).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      for (const { pid, argv } of await gitProcesses()) {
        if (argv.includes("fetch")) process.kill(pid, "SIGKILL");
      }
      return (await gitProcesses()).filter(({ argv }) => argv.includes("fetch")).length;
    })
    .toBe(0);
  await failed;
  server.behave({ kind: "serve" }, name);
  expect(await text(await open(remote, url, commit))).toEqual({ a: "1" });
});

test("an abort ends git and its helpers, close ends the reader", async () => {
  const { name, url, repo } = await repository();
  const remote = await native();
  const snapshot = await open(remote, url, await repo.commit({ a: "1" }));
  await text(snapshot);
  expect((await gitProcesses()).map(({ argv }) => argv)).toEqual([
    expect.stringContaining("cat-file"),
  ]);
  server.behave({ kind: "hang" }, name);
  const stop = new AbortController();
  const commit = await repo.commit({ a: "2" });
  const stuck = remote.open({ url, commit, revision: "x", signal: stop.signal });
  const failed = expect(stuck).rejects.toThrow("enough");
  await expect
    .poll(async () => (await gitProcesses()).some(({ argv }) => argv.includes("remote-http")))
    .toBe(true);
  stop.abort(new Error("enough"));
  await failed;
  await remote.close();
  await expect.poll(gitProcesses).toEqual([]);
});

test("credentials are in no argument, and nothing of the machine's configuration is read", async () => {
  const { name, url, repo } = await repository();
  const remote = await native();
  const commit = await repo.commit({ a: "1" });
  server.behave({ kind: "hang" }, name);
  const stop = new AbortController();
  const credentials = { kind: "basic", username: "bot", password: "s3nt1nel" } as const;
  const stuck = remote.open({ url, commit, revision: "x", credentials, signal: stop.signal });
  const failed = expect(stuck).rejects.toThrow();
  await expect
    .poll(async () => (await gitProcesses()).some(({ argv }) => argv.includes("remote-http")))
    .toBe(true);
  const encoded = Buffer.from("bot:s3nt1nel").toString("base64");
  for (const { argv, environment } of await gitProcesses()) {
    expect(argv).not.toContain("s3nt1nel");
    expect(argv).not.toContain(encoded);
    expect(environment).toContain("GIT_CONFIG_NOSYSTEM=1");
    expect(environment).toContain("GIT_CONFIG_GLOBAL=/dev/null");
    expect(environment).not.toMatch(/(^|\0)(https?_proxy|SSH_|GIT_SSH)/i);
  }
  stop.abort(new Error("enough"));
  await failed;
  const left = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const file of left.filter((entry) => entry.isFile())) {
    const content = await readFile(join(file.parentPath, file.name), "latin1");
    expect(content).not.toContain(encoded);
  }
});

test("a fetch larger than its bound is stopped", async () => {
  const { url, repo } = await repository();
  const noise = Buffer.alloc(12_000_000);
  for (let i = 0; i < noise.length; i += 4)
    noise.writeUInt32LE((Math.imul(i, 2654435761) ^ (i << 7)) >>> 0, i);
  const remote = await native({ limits: { fetchBytes: 100_000, blobBytes: 1_000_000 } });
  const snapshot = await open(remote, url, await repo.commit({ big: noise }));
  await expect(text(snapshot)).rejects.toMatchObject({ code: "LimitExceeded" });
});

test("a tree that no honest git makes is refused where it is listed, siblings go on", async () => {
  const { url, repo } = await repository();
  const blob = await repo.writeObject("blob", Buffer.from("canary"));
  const entry = (mode: string, name: string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
  const inner = await repo.writeObject("tree", entry("100644", "x.yaml", blob));
  const tree = await repo.writeObject(
    "tree",
    Buffer.concat([entry("40000", "..", inner), entry("40000", "good", inner)]),
  );
  const commit = await repo.commitTree(tree);
  const snapshot = await open(await native(), url, commit);
  expect(await text(snapshot, "good")).toEqual({ "good/x.yaml": "canary" });
  await expect(snapshot.list("")).rejects.toMatchObject({ code: "InvalidManifest" });
  await expect(snapshot.list("..")).rejects.toMatchObject({ code: "PathNotFound" });
});

test("a redirect on the same host is followed by both adapters, and remembered", async () => {
  const { name, url, repo } = await repository();
  const commit = await repo.commit({ a: "1" });
  const remote = await createGitRemote({ dataDirectory: directory, path });
  remotes.push(remote);
  const alias = `${name}-old`;
  server.behave({ kind: "redirect", location: `${url}/info/refs?service=git-upload-pack` }, alias);
  const old = server.url(alias);
  const [answer] = await remote.resolve({ url: old, refs: [{ branch: "main" }], signal });
  expect(answer).toMatchObject({ commit });
  expect(await text(await open(remote, old, commit))).toEqual({ a: "1" });
});

test("what processes that are gone left in the data directory is removed, ours is kept", async () => {
  const mine = await createPrivateDirectory(directory);
  await mkdir(join(directory, "git-1-0-abcdef"));
  await mkdir(join(directory, `git-${process.pid}-123-abcdef`));
  await mkdir(join(directory, "git-4194304-99-abcdef"));
  await writeFile(join(directory, "something-else"), "");
  const next = await createPrivateDirectory(directory);
  expect((await readdir(directory)).sort()).toEqual(
    [mine, next]
      .map((own) => own.slice(directory.length + 1))
      .concat("something-else")
      .sort(),
  );
});
