import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gitEnvironment, runGit } from "../../git/git.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";

let server: GitServer;
let place: string;

beforeEach(async () => {
  server = await startGitServer();
  place = await mkdtemp(join(tmpdir(), "mooring-git-client-"));
});

afterEach(async () => {
  await server.stop();
  await rm(place, { recursive: true });
});

async function client(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn("git", args, {
    env: { ...gitEnvironment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

describe("the Git server", () => {
  test("serves a clone in protocol 2, and counts its requests and bytes", async () => {
    const repository = await server.createRepository("team/shop");
    const id = await repository.commit({ "deploy/app.yaml": "a: 1\n" });
    const clone = join(place, "clone");
    expect(await client("clone", "--bare", server.url("team/shop"), clone)).toMatchObject({
      code: 0,
    });
    expect((await runGit(clone, ["rev-parse", "HEAD"])).toString().trim()).toBe(id);
    expect(server.counts("team/shop")).toMatchObject({
      advertisements: 1,
      uploadPacks: 2,
      receivePacks: 0,
      requests: 3,
    });
    expect(server.counts("team/shop").bytesSent).toBeGreaterThan(200);
    server.resetCounts();
    expect(server.counts().requests).toBe(0);
  });

  test.each([
    [true, 0],
    [false, 1],
  ])("with allowFilter %s a blobless clone brings %d blobs", async (allowFilter, blobs) => {
    await using filtering = await startGitServer({ allowFilter });
    const repository = await filtering.createRepository("shop");
    await repository.commit({ "app.yaml": "a: 1\n" });
    const clone = join(place, "clone");
    await client("clone", "--bare", "--filter=blob:none", filtering.url("shop"), clone);
    const listed = await runGit(clone, [
      "cat-file",
      "--batch-all-objects",
      "--batch-check=%(objecttype)",
    ]);
    expect(listed.toString().match(/blob/g)?.length ?? 0).toBe(blobs);
  });

  test("takes a push, compressed and in chunks", async () => {
    const repository = await server.createRepository("shop");
    await repository.commit({ "app.yaml": "a: 1\n" });
    const clone = join(place, "clone");
    await client("clone", "--bare", server.url("shop"), clone);
    await runGit(clone, ["update-ref", "refs/heads/next", "main"]);
    const pushed = await client("-C", clone, "-c", "http.postBuffer=1", "push", "origin", "next");
    expect(pushed).toMatchObject({ code: 0 });
    expect(await repository.resolve("next")).toBe(await repository.resolve("main"));
    expect(server.counts("shop").receivePacks).toBeGreaterThan(0);
  });

  test("asks for credentials, and takes the right ones alone", async () => {
    await using guarded = await startGitServer({
      credentials: { user: "bot", password: "s3cret" },
    });
    const repository = await guarded.createRepository("shop");
    await repository.commit({ "app.yaml": "a: 1\n" });
    const as = (password: string) =>
      guarded.url("shop").replace("http://", `http://bot:${password}@`);
    expect((await client("ls-remote", guarded.url("shop"))).code).toBe(128);
    expect((await client("ls-remote", as("wrong"))).stderr).toContain("Authentication failed");
    expect((await client("ls-remote", as("s3cret"))).code).toBe(0);
  });

  test("fails in the ways of a remote, one repository without the other", async () => {
    for (const name of ["ill", "well"]) {
      await (await server.createRepository(name)).commit({ "app.yaml": "a: 1\n" });
    }
    server.behave({ kind: "status", status: 500 }, "ill");
    expect((await client("ls-remote", server.url("ill"))).stderr).toContain("500");
    expect((await client("ls-remote", server.url("well"))).code).toBe(0);

    server.behave({ kind: "cut", afterBytes: 10 }, "ill");
    expect((await client("ls-remote", server.url("ill"))).code).toBe(128);

    server.behave({ kind: "redirect", location: `${server.url("well")}/info/refs` }, "ill");
    const redirected = await fetch(`${server.url("ill")}/info/refs`, { redirect: "manual" });
    expect(redirected.headers.get("location")).toBe(`${server.url("well")}/info/refs`);

    server.behave({ kind: "hang" }, "ill");
    const hung = fetch(`${server.url("ill")}/info/refs`, { signal: AbortSignal.timeout(300) });
    await expect(hung).rejects.toMatchObject({ name: "TimeoutError" });

    server.behave({ kind: "serve" }, "ill");
    expect((await client("ls-remote", server.url("ill"))).code).toBe(0);
  });

  test("removes its repositories when it stops", async () => {
    const short = await startGitServer();
    await short.createRepository("shop");
    await short.stop();
    expect(existsSync(short.root)).toBe(false);
  });
});

describe("a test repository", () => {
  test("keeps what a commit does not name, and removes what it sets to null", async () => {
    const repository = await server.createRepository("shop");
    await repository.commit({ "a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n", "dir/c.yaml": "c: 1\n" });
    await repository.commit({ "a.yaml": "a: 2\n", "dir/b.yaml": null });
    expect(await repository.git(["show", "main:a.yaml"])).toBe("a: 2\n");
    expect(await repository.git(["ls-tree", "-r", "--name-only", "main"])).toBe(
      "a.yaml\ndir/c.yaml\n",
    );
  });

  test("writes author, message, time, and modes", async () => {
    const repository = await server.createRepository("shop");
    const other = await repository.commit({ "x.yaml": "" }, { branch: "other" });
    const changes = {
      run: { executable: "#!/bin/sh\n" },
      link: { symlink: "/etc/passwd" },
      sub: { submodule: other },
      'odd "name"\n': Buffer.from([0, 255, 10]),
    };
    const date = new Date("2026-01-02T03:04:05Z");
    const id = await repository.commit(changes, { message: "Second\n\nWhy", date });
    expect(await repository.git(["log", "-1", "--format=%H|%an|%ae|%ct|%B", id])).toBe(
      `${id}|Developer|developer@example.com|1767323045|Second\n\nWhy\n\n`,
    );
    const tree = await repository.git(["ls-tree", id]);
    expect(tree.split("\n").map((line) => line.slice(0, 6))).toEqual([
      "120000",
      "100644",
      "100755",
      "160000",
      "",
    ]);
  });

  test("reverts, forces, tags and forgets", async () => {
    const repository = await server.createRepository("shop");
    const first = await repository.commit({ "a.yaml": "a: 1\n" });
    const second = await repository.commit({ "a.yaml": "a: 2\n", "b.yaml": "b: 1\n" });
    const third = await repository.revertHead();
    expect(await repository.resolve(`${third}^{tree}`)).toBe(
      await repository.resolve(`${first}^{tree}`),
    );
    expect(await repository.resolve(`${third}^`)).toBe(second);

    await repository.tag("v1", first);
    await repository.tag("v2", first, "Release 2");
    expect(await repository.resolve("v2^{commit}")).toBe(first);
    expect(await repository.resolve("refs/tags/v2")).not.toBe(first);

    const root = await repository.commit({ "z.yaml": "z: 1\n" }, { parent: null });
    expect(await repository.resolve("main")).toBe(root);
    await expect(repository.resolve("main^")).rejects.toThrow();
    await repository.collectGarbage();
    await expect(repository.git(["cat-file", "-e", second])).rejects.toThrow();
    await repository.git(["cat-file", "-e", first]);
  });

  test("can hold a tree that no honest git writes", async () => {
    const repository = await server.createRepository("shop");
    const blob = await repository.writeObject("blob", Buffer.from("x"));
    const entry = Buffer.concat([Buffer.from("100644 ..\0"), Buffer.from(blob, "hex")]);
    const tree = await repository.writeObject("tree", entry);
    const id = await repository.commitTree(tree);
    expect(await repository.git(["ls-tree", "--name-only", id])).toBe("..\n");
    expect(await readFile(join(repository.directory, "HEAD"), "utf8")).toBe(
      "ref: refs/heads/main\n",
    );
  });
});
