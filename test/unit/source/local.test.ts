import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalOptions, openLocal } from "../../../src/source/local.ts";
import { gitEnvironment } from "../../git/git.ts";
import { commitAll } from "../../git/work-tree.ts";

const now = new Date("2026-02-03T04:05:06.789Z");
let cwd: string;
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "mooring-local-")));
  for (const directory of ["repository/deploy/prod", "elsewhere"])
    mkdirSync(join(cwd, directory), { recursive: true });
  writeFileSync(join(cwd, "repository/deploy/prod/x.yaml"), "x: 1\n");
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const open = (o: Partial<LocalOptions> & { path: string }) =>
  openLocal({ cwd, gitPath: gitEnvironment.PATH ?? "", now: () => now, ...o });
const told = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: Error) => error.message,
  );

test("the root is the work tree's top, and the commit HEAD's, whatever changed since", async () => {
  const id = await commitAll(join(cwd, "repository"), "First");
  writeFileSync(join(cwd, "repository/deploy/prod/new.yaml"), "new: 1\n");
  const local = await open({ path: "repository/deploy/prod" });
  expect(local).toMatchObject({
    root: join(cwd, "repository"),
    rootIs: "work tree",
    path: "deploy/prod",
  });
  expect(local.snapshot.revision).toBe(`work tree of main@sha1:${id}`);
  expect(local.snapshot.commit).toMatchObject({ id, author: "Developer", subject: "First" });
  expect((await local.snapshot.list("deploy")).map(({ path }) => path)).toEqual([
    "deploy/prod/new.yaml",
    "deploy/prod/x.yaml",
  ]);
});

test("outside of a work tree the root is the path itself, and the clock stands at now", async () => {
  const local = await open({ path: "repository/deploy" });
  expect(local).toMatchObject({ root: join(cwd, "repository/deploy"), rootIs: "path", path: "" });
  expect(local.head).toBeUndefined();
  expect(local.snapshot.commit.time).toBe(now.toISOString());
  expect(local.snapshot.revision).toBe(`directory ${local.root}`);
});

test("a root that is given holds against the work tree, and must hold the path", async () => {
  await commitAll(join(cwd, "repository"), "First");
  const narrower = await open({ path: "repository/deploy/prod", root: "repository/deploy" });
  expect(narrower).toMatchObject({ rootIs: "given", path: "prod" });
  expect(narrower.head?.branch).toBe("main");
  expect((await open({ path: "repository/deploy", root: "." })).path).toBe("repository/deploy");
  expect(await told(open({ path: "elsewhere", root: "repository" }))).toContain(
    `elsewhere is not below the root ${join(cwd, "repository")}`,
  );
});

test("a path from the root is found below the work tree that one stands in", async () => {
  await commitAll(join(cwd, "repository"), "First");
  const inside = join(cwd, "repository/deploy/prod");
  expect((await open({ path: "deploy", fromRoot: true, cwd: inside })).path).toBe("deploy");
  expect((await open({ path: "", fromRoot: true, cwd: inside })).path).toBe("");
  expect(await told(open({ path: "../elsewhere", fromRoot: true, cwd: inside }))).toContain(
    "is not below the root",
  );
});

test("a symlink on the command line is followed to what it names", async () => {
  symlinkSync("repository/deploy", join(cwd, "link"));
  expect((await open({ path: "link/prod" })).root).toBe(join(cwd, "repository/deploy/prod"));
});

test("what is no directory is said", async () => {
  expect(await told(open({ path: "nowhere" }))).toContain("the path nowhere does not exist");
  expect(await told(open({ path: "repository/deploy/prod/x.yaml" }))).toContain("is a file");
  expect(await told(open({ path: ".", root: "nowhere" }))).toContain("the root nowhere");
});
