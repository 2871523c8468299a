import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findWorkTree, headOf } from "../../../src/source/work-tree.ts";
import { gitEnvironment } from "../../git/git.ts";
import { commitAll, gitIn } from "../../git/work-tree.ts";

let directory: string;
let workTree: string;
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "mooring-work-tree-")));
  workTree = join(directory, "repository");
  mkdirSync(join(workTree, "deploy/prod"), { recursive: true });
  writeFileSync(join(workTree, "deploy/prod/x.yaml"), "x: 1\n");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Where git is found, and where it is not: isomorphic-git answers then. */
const paths = [
  ["git", gitEnvironment.PATH ?? ""],
  ["isomorphic-git", "/nonexistent"],
] as const;

test("the work tree is the nearest directory upwards with a repository", async () => {
  expect(findWorkTree(join(workTree, "deploy"))).toBeUndefined();
  await commitAll(workTree, "First");
  expect(findWorkTree(join(workTree, "deploy/prod"))).toBe(workTree);
  expect(findWorkTree(workTree)).toBe(workTree);
  mkdirSync(join(workTree, "deploy/.git"));
  expect(findWorkTree(join(workTree, "deploy/prod"))).toBe(workTree);
});

describe.each(paths)("HEAD, read by %s", (_name, path) => {
  test("is the branch and its commit, loose or packed", async () => {
    const id = await commitAll(workTree, "Ünïcode subject\n\nAnd a body.");
    const time = (await gitIn(workTree, ["log", "-1", "--format=%cI"])).toString().trim();
    const expected = {
      branch: "main",
      commit: { id, author: "Developer", subject: "Ünïcode subject" },
    };
    const loose = await headOf(workTree, path);
    expect(loose).toMatchObject(expected);
    expect(new Date(loose?.commit.time ?? "")).toEqual(new Date(time));
    await gitIn(workTree, ["gc", "--quiet"]);
    expect(await headOf(workTree, path)).toEqual(loose);
  });

  test("may be detached, or in a linked work tree", async () => {
    const id = await commitAll(workTree, "First");
    const linked = join(directory, "linked");
    await gitIn(workTree, ["worktree", "add", "--quiet", "-b", "feature/x", linked]);
    expect(findWorkTree(linked)).toBe(linked);
    expect(await headOf(linked, path)).toMatchObject({ branch: "feature/x", commit: { id } });
    await gitIn(workTree, ["checkout", "--quiet", "--detach"]);
    const detached = await headOf(workTree, path);
    expect(detached?.commit.id).toBe(id);
    expect(detached).not.toHaveProperty("branch");
  });

  test("is unknown before the first commit, and where there is no repository", async () => {
    expect(await headOf(workTree, path)).toBeUndefined();
    await gitIn(workTree, ["init", "--quiet"]);
    expect(await headOf(workTree, path)).toBeUndefined();
  });
});

test("a repository's configuration starts no program", async () => {
  const first = await commitAll(workTree, "First");
  const text = (await gitIn(workTree, ["cat-file", "commit", first])).toString();
  const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n";
  writeFileSync(join(directory, "signed"), text.replace("\n\n", `\n${signature}\n`));
  const write = ["hash-object", "-w", "-t", "commit", join(directory, "signed")];
  const id = (await gitIn(workTree, write)).toString().trim();
  await gitIn(workTree, ["update-ref", "HEAD", id]);
  const program = join(directory, "program");
  const sign = `#!/bin/sh\ntouch ${join(directory, "started")}\n`;
  writeFileSync(program, sign, { mode: 0o755 });
  for (const key of ["gpg.program", "core.fsmonitor", "core.pager"])
    await gitIn(workTree, ["config", key, program]);
  await gitIn(workTree, ["config", "log.showSignature", "true"]);
  expect((await headOf(workTree, paths[0][1]))?.commit.id).toBe(id);
  expect(() => writeFileSync(join(directory, "started"), "", { flag: "wx" })).not.toThrow();
});
