/** Whose credentials git on this machine is asked for. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseCredentials } from "../../../../src/cli/diff/credentials.ts";
import type { Objects } from "../../../../src/cluster/objects.ts";
import type { Application } from "../../../../src/model/application.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-credentials-"));
  await writeFile(
    join(directory, "git"),
    `#!/bin/sh\n/bin/cat > ${directory}/asked\necho username=me\necho password=mine\n`,
  );
  await chmod(join(directory, "git"), 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const choose = (url: string) =>
  chooseCredentials(
    {
      namespace: "shop",
      spec: { source: { git: { url, secretRef: { name: "none" } } } },
    } as Application,
    { get: async () => undefined } as unknown as Objects,
    { PATH: directory },
  );
const asked = () => readFile(join(directory, "asked"), "utf8");

test("git is asked for the host of the repository, without what a query may carry", async () => {
  const { credentials } = await choose("https://git.example/team/shop.git?private_token=x");
  expect(credentials).toEqual({ kind: "basic", username: "me", password: "mine" });
  expect(await asked()).toBe("url=https://git.example/team/shop.git\n\n");
});

test("a line break in the URL does not ask for the credentials of another host", async () => {
  await choose("https://attacker.example/x\nhost=git.example\n");
  expect(await asked()).toBe("url=https://attacker.example/xhost=git.example\n\n");
});

test("git is not asked for what is no repository that may be read", async () => {
  await expect(choose("ext::sh -c id")).rejects.toMatchObject({ code: "SourceRefused" });
  await expect(asked()).rejects.toMatchObject({ code: "ENOENT" });
});
