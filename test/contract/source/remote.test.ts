/** One suite for every adapter of the GitRemote port, against git's own http-backend. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GitRef } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import { createGitRemote } from "../../../src/source/git/choose.ts";
import { createIsomorphicRemote } from "../../../src/source/git/isomorphic.ts";
import { createNativeRemote } from "../../../src/source/git/native.ts";
import type { GitExchange, GitRemote, Resolved } from "../../../src/source/git/remote.ts";
import type { SourceLimits } from "../../../src/source/limits.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";

interface Options {
  limits?: Partial<SourceLimits>;
  observe?: (exchange: GitExchange) => void;
}
type Make = (directory: string, o: Options) => Promise<GitRemote>;

const path = process.env.PATH ?? "";
const adapters: [string, Make][] = [
  ["git", (directory, o) => createNativeRemote({ directory, path, ...o })],
  ["isomorphic-git", async (directory, o) => createIsomorphicRemote({ directory, ...o })],
  ["both", (dataDirectory, o) => createGitRemote({ dataDirectory, path, ...o })],
  ["both, without git", (dataDirectory, o) => createGitRemote({ dataDirectory, path: "", ...o })],
];

const signal = new AbortController().signal;

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.stop());

describe.each(adapters)("a Git remote by %s", (adapter, make) => {
  let directory: string;
  let remote: GitRemote;
  let exchanges: GitExchange[];
  let names = 0;
  const repository = async () => {
    const name = `r${names++}-${Math.random().toString(36).slice(2)}`;
    return { name, url: server.url(name), repo: await server.createRepository(name) };
  };
  const resolve = async (url: string, ref?: GitRef): Promise<Resolved> => {
    const [answer] = await remote.resolve({ url, refs: [ref], signal });
    if (answer === undefined || answer instanceof Problem) throw answer;
    return answer;
  };
  const open = async (url: string, ref?: GitRef) =>
    remote.open({ url, ...(await resolve(url, ref)), signal });
  const text = async (url: string, directory = "", ref?: GitRef) => {
    const snapshot = await open(url, ref);
    const entries = await snapshot.list(directory);
    const blobs = await snapshot.read(entries.map(({ blob }) => blob));
    return Object.fromEntries(entries.map(({ path, blob }) => [path, String(blobs.get(blob))]));
  };
  const problem = async (promise: Promise<unknown>): Promise<Problem> => {
    const error = await promise.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(Problem);
    return error as Problem;
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "mooring-source-"));
    exchanges = [];
    remote = await make(directory, {
      limits: { lookMs: 2000, fetchMs: 4000 },
      observe: (exchange) => void exchanges.push(exchange),
    });
  });
  afterEach(async () => {
    await remote.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("names branch, tag, commit, full ref and HEAD as Flux does", async () => {
    const { url, repo } = await repository();
    const first = await repo.commit({ a: "1" });
    await repo.tag("light", "main");
    await repo.tag("v1.2", "main", "annotated");
    const second = await repo.commit({ a: "2" }, { branch: "feature/x" });
    await repo.git(["update-ref", "refs/pull/1/head", second]);

    expect(await resolve(url, { branch: "main" })).toEqual({
      commit: first,
      revision: `main@sha1:${first}`,
    });
    expect((await resolve(url, { branch: "feature/x" })).revision).toBe(`feature/x@sha1:${second}`);
    expect((await resolve(url, { tag: "light" })).revision).toBe(`light@sha1:${first}`);
    expect(await resolve(url, { tag: "v1.2" })).toEqual({
      commit: first,
      revision: `v1.2@sha1:${first}`,
    });
    expect((await resolve(url, { name: "refs/pull/1/head" })).revision).toBe(
      `refs/pull/1/head@sha1:${second}`,
    );
    expect((await resolve(url, { commit: first })).revision).toBe(`sha1:${first}`);
    expect((await resolve(url)).revision).toBe(`main@sha1:${first}`);
  });

  test("answers several refs in order, a missing one in its place", async () => {
    const { url, repo } = await repository();
    const id = await repo.commit({ a: "1" });
    await repo.setBranch("main2", id);
    const answers = await remote.resolve({
      url,
      refs: [
        { branch: "main" },
        { branch: "mai" },
        { tag: "main" },
        { branch: "main2" },
        undefined,
      ],
      signal,
    });
    expect(answers.map((a) => (a instanceof Problem ? a.code : a.commit))).toEqual([
      id,
      "RevisionNotFound",
      "RevisionNotFound",
      id,
      id,
    ]);
    expect(String(answers[1])).toContain('branch "mai"');
    expect(String(answers[2])).toContain('tag "main"');
  });

  test("a look is two requests, a pinned commit none", async () => {
    const { name, url, repo } = await repository();
    const id = await repo.commit({ a: "1" });
    await resolve(url, { branch: "main" });
    expect(server.counts(name).requests).toBe(2);
    await resolve(url, { commit: id });
    expect(server.counts(name).requests).toBe(2);
  });

  test("an empty repository has no HEAD", async () => {
    const { url } = await repository();
    const [answer] = await remote.resolve({ url, refs: [undefined], signal });
    expect(answer).toMatchObject({ code: "RevisionNotFound" });
  });

  test("opens a commit: who, when, what, and every file below a directory", async () => {
    const { url, repo } = await repository();
    await repo.commit(
      {
        "deploy/b.yaml": "b",
        "deploy/sub/a.yaml": "a",
        "deploy/run.sh": { executable: "#!" },
        "deploy/link": { symlink: "../x" },
        "deploy-not/c.yaml": "c",
        "deploy.yaml": "d",
        "ü/ß.yaml": "unicode",
      },
      {
        message: "Subject: größer\n\nBody",
        date: new Date("2024-02-29T12:00:00Z"),
        author: { name: "Jürgen Ö", email: "j@example.com" },
      },
    );
    const snapshot = await open(url, { branch: "main" });
    expect(snapshot.commit).toMatchObject({
      author: "Jürgen Ö",
      subject: "Subject: größer",
      time: "2024-02-29T12:00:00Z",
    });
    expect(snapshot.revision).toBe(`main@sha1:${snapshot.commit.id}`);
    const entries = await snapshot.list("./deploy/");
    expect(entries.map(({ path, mode }) => [path, mode])).toEqual([
      ["deploy/b.yaml", "file"],
      ["deploy/link", "symlink"],
      ["deploy/run.sh", "executable"],
      ["deploy/sub/a.yaml", "file"],
    ]);
    expect((await snapshot.list("")).length).toBe(7);
    expect(await text(url, "ü")).toEqual({ "ü/ß.yaml": "unicode" });
  });

  test("a submodule is listed, never fetched", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1", sub: { submodule: "1234567890123456789012345678901234567890" } });
    const entries = await (await open(url)).list("");
    expect(entries.map(({ path, mode }) => [path, mode])).toEqual([
      ["a", "file"],
      ["sub", "submodule"],
    ]);
  });

  test("binary, empty and large files come back byte for byte", async () => {
    const { url, repo } = await repository();
    const large = Buffer.alloc(3_000_000, "abc\n\0");
    await repo.commit({ "x/empty": "", "x/large": large, "x/nul": Buffer.from([0, 255, 10, 0]) });
    const snapshot = await open(url);
    const entries = await snapshot.list("x");
    const blobs = await snapshot.read(entries.map(({ blob }) => blob));
    expect(entries.map(({ blob }) => blobs.get(blob))).toEqual([
      Buffer.alloc(0),
      large,
      Buffer.from([0, 255, 10, 0]),
    ]);
  });

  test("a path that is missing, a file or outside is named", async () => {
    const { url, repo } = await repository();
    await repo.commit({ "deploy/app.yaml": "1", link: { symlink: "deploy" } });
    const snapshot = await open(url);
    for (const [path, why] of [
      ["nope", 'no directory "nope"'],
      ["deploy/app.yaml", "is a file"],
      ["deploy/app", "no directory"],
      ["link", "is a symlink"],
      ["../deploy", "leaves the repository"],
      ["deploy\\..", "backslash"],
    ] as const) {
      const refused = await problem(snapshot.list(path));
      expect([refused.code, refused.message]).toEqual([
        "PathNotFound",
        expect.stringContaining(why),
      ]);
    }
  });

  test("follows a branch over several commits and a force-push", async () => {
    const { url, repo } = await repository();
    const first = await repo.commit({ a: "1", b: "same" });
    expect(await text(url)).toEqual({ a: "1", b: "same" });
    await repo.commit({ a: "2", c: "new" });
    expect(await text(url)).toEqual({ a: "2", b: "same", c: "new" });
    await repo.setBranch("main", first);
    await repo.commit({ a: "forced" });
    expect(await text(url)).toEqual({ a: "forced", b: "same" });
  });

  test("opens a commit whose files are sent as differences to files that nobody read", async () => {
    const { url, repo } = await repository();
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line} of a file\n`).join("");
    await repo.commit({ a: `${lines}first\n` });
    await open(url);
    await repo.commit({ a: `${lines}second\n` });
    expect(await text(url)).toEqual({ a: `${lines}second\n` });
  });

  test("a commit that the remote does not have is RevisionNotFound", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1" });
    const commit = "0123456789012345678901234567890123456789";
    const missing = await problem(remote.open({ url, commit, revision: `sha1:${commit}`, signal }));
    expect([missing.code, missing.message]).toEqual([
      "RevisionNotFound",
      expect.stringContaining(commit),
    ]);
    // The next one is not disturbed.
    expect(await text(url)).toEqual({ a: "1" });
  });

  test("concurrent reads of one snapshot give each what it asked for", async () => {
    const { name, url, repo } = await repository();
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`app${i % 20}/f${i}.yaml`, `content ${i}`]),
    );
    await repo.commit(files);
    const snapshot = await open(url);
    const before = server.counts(name).uploadPacks;
    const all = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const entries = await snapshot.list(`app${i}`);
        const blobs = await snapshot.read(entries.map(({ blob }) => blob));
        return entries.map(({ path, blob }) => [path, String(blobs.get(blob))]);
      }),
    );
    expect(Object.fromEntries(all.flat())).toEqual(files);
    expect(server.counts(name).uploadPacks - before).toBeLessThanOrEqual(2);
  });

  test("a snapshot outlives the remote being forgotten", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1" });
    const snapshot = await open(url);
    await remote.forget({ url });
    const [entry] = await snapshot.list("");
    expect(String((await snapshot.read([entry?.blob ?? ""])).values().next().value)).toBe("1");
  });

  test("every blob asked for comes, or nothing", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1" });
    const snapshot = await open(url);
    const [entry] = await snapshot.list("");
    const absent = "89e6c98d92887913cadf06b2adb97f26cde4849b";
    const refused = await problem(snapshot.read([entry?.blob ?? "", absent]));
    expect(["SourceUnreachable", "RevisionNotFound"]).toContain(refused.code);
  });

  test("a URL that is not http(s), or carries credentials, is refused without a word of them", async () => {
    for (const url of [
      "file:///etc",
      "ext::sh -c id",
      "git://127.0.0.1/x",
      "ssh://git@host/x.git",
      "git@host:team/x.git",
      "--upload-pack=touch /tmp/x",
      "/etc/passwd",
      "https://user:s3cr3t@host/x.git",
      "https://s3cr3t@host/x.git",
      "http://169.254.169.254/latest",
      "http://[fe80::1]/x.git",
      "http://",
    ]) {
      for (const attempt of [
        remote.resolve({ url, refs: [undefined], signal }),
        remote.open({ url, commit: "0".repeat(40), revision: "x", signal }),
      ]) {
        const refused = await problem(attempt);
        expect([url, refused.code]).toEqual([url, "SourceRefused"]);
        expect(refused.message).not.toContain("s3cr3t");
      }
    }
    const ssh = await problem(resolve("git@host:team/x.git"));
    expect(ssh.message).toContain("not supported yet");
    expect((await problem(resolve("https://u:p@host/x"))).message).toContain("secretRef");
  });

  test("a ref that begins with a dash or breaks a line finds nothing and runs nothing", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1" });
    for (const branch of ["--upload-pack=x", "main\nrefs/heads/main", "ma*n", "main^{}"]) {
      const [answer] = await remote.resolve({ url, refs: [{ branch }], signal });
      expect(answer).toMatchObject({ code: "RevisionNotFound" });
    }
  });

  test("every way of not answering is SourceUnreachable and says which", async () => {
    const { name, url, repo } = await repository();
    const id = await repo.commit({ a: "1" });
    const closed = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => closed.once("listening", done));
    const { port } = closed.address() as { port: number };
    await new Promise((done) => closed.close(done));
    const attempts = async (url: string) => {
      const opened = { url, commit: id, revision: "x", signal };
      return [await problem(resolve(url)), await problem(remote.open(opened))];
    };
    for (const refused of await attempts(`http://127.0.0.1:${port}/x.git`)) {
      expect([refused.code, refused.message]).toEqual([
        "SourceUnreachable",
        expect.stringMatching(/refused the connection/),
      ]);
    }
    server.behave({ kind: "status", status: 503 }, name);
    for (const failed of await attempts(url)) {
      expect([failed.code, failed.message]).toEqual([
        "SourceUnreachable",
        expect.stringContaining("503"),
      ]);
    }
    server.behave({ kind: "status", status: 404 }, name);
    for (const missing of await attempts(url)) {
      expect([missing.code, missing.message]).toEqual([
        "SourceUnreachable",
        expect.stringContaining("no repository"),
      ]);
    }
    server.behave({ kind: "status", status: 200, body: "<html>sign in</html>" }, name);
    const [looked, opened] = await attempts(url);
    // To git, such a page is a repository of the "dumb" protocol that has no refs.
    expect(looked?.code).toBe(adapter === "git" ? "RevisionNotFound" : "SourceUnreachable");
    expect(opened?.code).toBe("SourceUnreachable");
    for (const afterBytes of [0, 40, 120]) {
      server.behave({ kind: "cut", afterBytes }, name);
      for (const cut of await attempts(url)) expect(cut.code).toBe("SourceUnreachable");
    }
    server.behave({ kind: "serve" }, name);
    expect(await text(url)).toEqual({ a: "1" });
    expect(exchanges.some(({ result }) => result === "SourceUnreachable")).toBe(true);
    expect(exchanges.at(-1)).toMatchObject({ result: "ok", host: `127.0.0.1:${server.port}` });
  });

  test("a server that never answers is given up, and one that is hung up on at once", async () => {
    const { name, url, repo } = await repository();
    await repo.commit({ a: "1" });
    server.behave({ kind: "hang" }, name);
    const slow = await problem(resolve(url));
    expect([slow.code, slow.message]).toEqual([
      "SourceUnreachable",
      expect.stringContaining("did not answer within 2 s"),
    ]);
    const stop = new AbortController();
    const looking = remote.resolve({ url, refs: [undefined], signal: stop.signal });
    const opening = remote.open({
      url,
      commit: "0".repeat(40),
      revision: "x",
      signal: stop.signal,
    });
    stop.abort(new Error("stopped by the caller"));
    await expect(looking).rejects.toThrow("stopped by the caller");
    await expect(opening).rejects.toThrow("stopped by the caller");
  });

  test("a redirect to another host is not followed", async () => {
    const { name, url, repo } = await repository();
    const id = await repo.commit({ a: "1" });
    server.behave({ kind: "redirect", location: "http://169.254.169.254/x/info/refs" }, name);
    for (const refused of [
      await problem(resolve(url)),
      await problem(remote.open({ url, commit: id, revision: "x", signal })),
    ]) {
      expect([refused.code, refused.message]).toEqual([
        "SourceRefused",
        expect.stringContaining("redirects"),
      ]);
    }
  });

  test("a file past the bound is named, and so is too large a tree", async () => {
    const small = await make(join(directory, "small"), {
      limits: { blobBytes: 10, readBytes: 15, entries: 4 },
    });
    try {
      const { url, repo } = await repository();
      const id = await repo.commit({
        "a/one": "12345678901",
        "b/x": "1234567",
        "c/y": "12345678",
        d: "9",
      });
      const snapshot = await small.open({ url, commit: id, revision: "x", signal });
      const read = async (path: string) =>
        snapshot.read((await snapshot.list(path)).map(({ blob }) => blob));
      expect(await problem(read("a"))).toMatchObject({
        code: "LimitExceeded",
        message: expect.stringContaining("a/one"),
      });
      expect((await read("b")).size).toBe(1);
      const both = [
        ...(await snapshot.list("b")),
        ...(await snapshot.list("c")),
        ...(await snapshot.list("")).slice(3),
      ];
      expect((await problem(snapshot.read(both.map(({ blob }) => blob)))).code).toBe(
        "LimitExceeded",
      );
      const larger = await repo.commit({ e: "", f: "" });
      expect(
        await problem(small.open({ url, commit: larger, revision: "x", signal })),
      ).toMatchObject({ code: "LimitExceeded", message: expect.stringContaining("4 files") });
    } finally {
      await small.close();
    }
  });

  test("close leaves nothing behind", async () => {
    const { url, repo } = await repository();
    await repo.commit({ a: "1" });
    await text(url);
    await remote.close();
    const left = await readdir(directory, { recursive: true }).catch(() => []);
    expect(left).toEqual([]);
  });
});

describe.each(adapters)("a private Git remote by %s", (_, make) => {
  const secret = "s3nt1nel-p4ss";
  let guarded: GitServer;
  let directory: string;
  let remote: GitRemote;
  beforeAll(async () => {
    guarded = await startGitServer({ credentials: { user: "reader", password: secret } });
    await (await guarded.createRepository("private")).commit({ a: "1" });
  });
  afterAll(() => guarded.stop());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "mooring-source-"));
    remote = await make(directory, {});
  });
  afterEach(async () => {
    await remote.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("is read with credentials, which show nowhere", async () => {
    const address = {
      url: guarded.url("private"),
      credentials: { kind: "basic", username: "reader", password: `${secret}\n` } as const,
    };
    const [answer] = await remote.resolve({ ...address, refs: [undefined], signal });
    const snapshot = await remote.open({ ...address, ...(answer as Resolved), signal });
    const [entry] = await snapshot.list("");
    expect(String([...(await snapshot.read([entry?.blob ?? ""])).values()][0])).toBe("1");
    expect(JSON.stringify([answer, snapshot])).not.toContain(secret);
  });

  test("without or with wrong credentials is SourceUnauthorized, which does not quote them", async () => {
    const url = guarded.url("private");
    for (const credentials of [
      undefined,
      { kind: "basic", username: "reader", password: "wr0ng-one" } as const,
      { kind: "bearer", token: "wr0ng-one" } as const,
    ]) {
      for (const attempt of [
        () => remote.resolve({ url, credentials, refs: [undefined], signal }),
        () => remote.open({ url, credentials, commit: "1".repeat(40), revision: "x", signal }),
      ]) {
        const refused = (await attempt().catch((e: unknown) => e)) as Problem;
        expect(refused).toMatchObject({ name: "Problem", code: "SourceUnauthorized" });
        expect(`${refused.message}${refused.detail}${refused.stack}`).not.toContain("wr0ng-one");
      }
    }
  });
});
