/** Whose credentials git on this machine is asked for. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Reviews } from "../../../../src/cli/check/review.ts";
import { chooseCredentials } from "../../../../src/cli/diff/credentials.ts";
import { ApiError } from "../../../../src/cluster/api-error.ts";
import type { Objects } from "../../../../src/cluster/objects.ts";
import { subjectOf } from "../../../../src/cluster/request-path.ts";
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
    {
      objects: { get: async () => undefined } as unknown as Objects,
      reviews: { mayIn: async () => true },
      env: { PATH: directory },
    },
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

describe("the Secret of secretRef", () => {
  const password = Buffer.from("hunter2").toString("base64");
  const chooseFor = (mayIn: Reviews["mayIn"], serviceAccountName?: string) =>
    chooseCredentials(
      {
        namespace: "shop",
        spec: {
          ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
          source: { git: { url: "https://attacker.example/x", secretRef: { name: "other" } } },
        },
      } as Application,
      {
        objects: { get: async () => ({ data: { password } }) } as unknown as Objects,
        reviews: { mayIn },
        env: { PATH: directory },
      },
    );

  test("is sent where the Application's ServiceAccount may read it, too", async () => {
    const asked: unknown[] = [];
    const mayIn: Reviews["mayIn"] = async (...question) => asked.push(question) > 0;
    const { credentials, note } = await chooseFor(mayIn, "deployer");
    expect(credentials).toMatchObject({ password: "hunter2" });
    expect(note).toBeUndefined();
    expect(asked).toEqual([
      [
        "shop",
        expect.objectContaining({ user: "system:serviceaccount:shop:deployer" }),
        { verb: "get", group: "", resource: "secrets", namespace: "shop", name: "other" },
      ],
    ]);
  });

  test("is sent nowhere by somebody whose rights are greater than the Application's", async () => {
    const refused = await chooseFor(async () => false, "deployer");
    expect(refused.credentials).toMatchObject({ password: "mine" });
    expect(refused.note).toMatch(
      /^the Application's ServiceAccount deployer may not read the Secret shop\/other: /,
    );
    const unnamed = await chooseFor(async () => true);
    expect(unnamed.credentials).toMatchObject({ password: "mine" });
    expect(unnamed.note).toMatch(/^the Application names no ServiceAccount that may read /);
  });

  test("is sent by who may read it and may not ask for the rights of others", async () => {
    const forbidden = new ApiError(
      403,
      { reason: "Forbidden" },
      { subject: subjectOf("POST", "/apis"), path: "/apis" },
    );
    const { credentials } = await chooseFor(() => Promise.reject(forbidden), "deployer");
    expect(credentials).toMatchObject({ password: "hunter2" });
  });
});
