/**
 * `mooring diff` of what is not simply the repository's: files of a checkout, a repository with
 * credentials, random values, and objects that others have set fields of.
 */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { withoutBookkeeping } from "../../src/cli/diff/shown.ts";
import type { KubeObject } from "../../src/model/object.ts";
import { type GitServer, startGitServer } from "../git/server.ts";
import { commitAll } from "../git/work-tree.ts";
import { type DiffingTeam, deployed, deploying, diffingTeam } from "./harness/diffing-team.ts";
import { configMap, deployment, manifest, secret } from "./harness/manifests.ts";
import { person } from "./harness/person.ts";
import { chart } from "./harness/sources.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
let cwd: string;
beforeAll(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "mooring-diff-sources-test-")));
  world = await startWorld();
});
afterAll(async () => {
  await world?.stop();
  await rm(cwd, { recursive: true, force: true });
});

function team(name: string, rules?: readonly object[]): Promise<DiffingTeam> {
  return diffingTeam(world, cwd, name, rules);
}

/** @returns a directory that holds these files */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(cwd, "checkout-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}

describe("against files", () => {
  test("uncommitted ones, from anywhere in the checkout, without the repository", async () => {
    const { tenant, diff } = await team("local");
    const app = await deployed(tenant, "web", {
      files: { "deploy/a.yaml": manifest(configMap("a", { v: "1" })) },
    });
    const checkout = await write({ "deploy/a.yaml": manifest(configMap("a", { v: "1" })) });
    await commitAll(checkout, "First");
    const { requests } = world.git.counts("local/web");
    expect((await diff(["web", "--local", checkout])).code).toBe(0);
    await writeFile(join(checkout, "deploy/a.yaml"), manifest(configMap("a", { v: "2" })));
    for (const directory of [".", "deploy"]) {
      const { code, out } = await diff(["web", "--local", directory], { cwd: checkout });
      expect(code).toBe(1);
      expect(out).toContain('+  v: "2"');
    }
    expect(world.git.counts("local/web").requests).toBe(requests);
    expect((await app.get()).status?.sync).toBe("Synced");
    expect(await diff(["web", "--local", "nowhere"], { cwd: checkout })).toMatchObject({ code: 2 });
  });

  test("of an Application that is a file, too: all of it would be created", async () => {
    const { diff } = await team("file-only");
    const checkout = await write({
      "deploy/a.yaml": manifest(configMap("a", { v: "1" })),
      "app.yaml": stringify({
        apiVersion: "mooring.dev/v1alpha1",
        kind: "Application",
        metadata: { name: "web" },
        spec: {
          mode: "enforce",
          source: { path: "deploy", git: { url: "https://git.invalid/x" } },
        },
      }),
    });
    const { code, out } = await diff(["--as", "app.yaml", "--local", "."], { cwd: checkout });
    expect(code).toBe(1);
    expect(out).toContain("# ConfigMap file-only/a would be created");
    expect(out).toContain("# 1 to create\n");
    expect(
      await diff(["other", "--as", "app.yaml", "--local", "."], { cwd: checkout }),
    ).toMatchObject({
      code: 2,
      err: expect.stringContaining("holds the Application file-only/web, not other"),
    });
  });
});

test("random values are no difference: known from the installation's secret, or left out and said", async () => {
  const { tenant, diff } = await team("random");
  const template = (size: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: r }\nstringData:\n  password: {{ randAlphaNum 16 }}\n  size: "${size}"\n`;
  const app = await deployed(tenant, "web", {
    files: chart("deploy", { templates: { "s.yaml": template("1") } }),
  });
  const { code, err } = await diff(["web"]);
  expect(code).toBe(0);
  expect(err).toContain("you may not read it in the namespace mooring-system");
  expect(err).toContain("taken to be as they are in the cluster, in:\n  Secret random/r\n");

  await app.commit({ "deploy/templates/s.yaml": template("2") });
  for (const options of [{}, { kubeconfig: world.plane.adminKubeconfig }]) {
    const { out } = await diff(["web", "-o", "json"], options);
    const [{ fields }] = JSON.parse(out).objects;
    expect(fields.map(({ path }: { path: string }) => path)).toEqual(["data.size"]);
  }
});

describe("with credentials", () => {
  const password = "correct-horse-battery";
  let git: GitServer;
  beforeAll(async () => {
    git = await startGitServer({ credentials: { user: "bot", password } });
  });
  afterAll(() => git?.stop());

  test("of the Secret of secretRef, else of git on this machine, else none; never shown", async () => {
    const { tenant, diff } = await team("private");
    await world.api.create({
      ...secret("deploy-key", { username: "bot", password }),
      metadata: { namespace: "private", name: "deploy-key" },
    });
    await deployed(tenant, "web", {
      git,
      files: { "deploy/a.yaml": manifest(configMap("a", { v: "1" })) },
      spec: { source: { git: { secretRef: { name: "deploy-key" } } } },
    });
    expect(await diff(["web"])).toMatchObject({ code: 0 });

    const rules = deploying.map((rule) => ({
      ...rule,
      resources: rule.resources.filter((resource) => resource !== "secrets"),
    }));
    const kubeconfig = await person(world, "without-secrets", "private", rules);
    const store = join(cwd, "git-credentials");
    await writeFile(
      store,
      git
        .url("x")
        .replace("//", `//bot:${password}@`)
        .replace(/\/x.git$/, "\n"),
    );
    const config = join(cwd, "gitconfig");
    await writeFile(config, `[credential]\n\thelper = store --file=${store}\n`);
    const own = await diff(["web"], { kubeconfig, env: { GIT_CONFIG_GLOBAL: config } });
    expect(own.code).toBe(0);
    expect(own.err).toContain(
      "note: you may not read the Secret private/deploy-key: the repository is read with git's own credentials of this machine\n",
    );
    const none = await diff(["web"], { kubeconfig });
    expect(none.code).toBe(2);
    expect(none.err).toMatch(/^error: .*(credentials|authoris|authoriz|401)/i);
    expect(none.err).toContain(
      "error: you may not read the Secret private/deploy-key: the repository is read without credentials\n",
    );
    for (const { out, err } of [own, none]) expect(out + err).not.toContain(password);

    // Whoever writes an Application would choose whom an administrator sends which Secret to.
    await tenant.application("theirs", {
      git,
      files: { "deploy/a.yaml": manifest(configMap("b", { v: "1" })) },
      spec: {
        serviceAccountName: "nobody",
        source: { git: { secretRef: { name: "deploy-key" } } },
      },
    });
    const administrator = await diff(["theirs"], { kubeconfig: world.plane.adminKubeconfig });
    expect(administrator.code).toBe(2);
    expect(administrator.err).toContain(
      "error: the Application's ServiceAccount nobody may not read the Secret private/deploy-key: the repository is read without credentials\n",
    );
  });
});

describe("what others set goes when an object is taken over", () => {
  const wanted = deployment("web", { replicas: 2, image: "example.com/app:2" });

  /** Of the Deployment, what the diff says and what then is there. */
  async function toldAndDone(
    namespace: string,
    before: (kubectl: typeof world.plane.kubectl) => Promise<unknown>,
  ) {
    const { tenant, diff } = await team(namespace);
    await before(world.plane.kubectl);
    const app = await tenant.application("web", {
      spec: { mode: "warn" },
      files: { "deploy/web.yaml": manifest(wanted) },
    });
    await app.condition("Drifted", "True");
    const { code, out, err } = await diff(["web", "-o", "json"]);
    expect({ code, err, out: code === 2 ? out : "" }).toEqual({
      code: 1,
      out: "",
      err: expect.stringContaining("mode warn"),
    });
    const [told] = JSON.parse(out).objects as [
      { note?: string; fields: { path: string; live?: unknown; desired?: unknown }[] },
    ];
    const read = async () =>
      withoutBookkeeping((await world.api.read("Deployment", namespace, "web")) as KubeObject);
    const live = await read();
    await app.configure({ mode: "enforce" });
    await app.until(
      "the adoption",
      ({ metadata, status }) =>
        status?.observedGeneration === metadata.generation && status?.sync === "Synced",
      60_000,
    );
    const done = await read();
    for (const { path, live: was, desired } of told.fields) {
      expect({ path, was: fieldAt(live, path), is: fieldAt(done, path) }).toEqual({
        path,
        was,
        is: desired,
      });
    }
    expect(await diff(["web"])).toMatchObject({ code: 0 });
    return told;
  }

  const fieldAt = (object: object, path: string) =>
    [...path.matchAll(/\[([^\]]+)\]|([^.[]+)/g)]
      .map(([, bracket, plain]) => bracket ?? plain ?? "")
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], object);

  test("fields of kubectl apply go or are set back to their defaults, and it is told which", async () => {
    const { fields, note } = await toldAndDone("taken-over", (kubectl) => {
      const old = deployment("web", {
        replicas: 2,
        image: "example.com/app:1",
        env: [{ name: "OLD", value: "1" }],
      });
      old.metadata.namespace = "taken-over";
      old.metadata.annotations = { "example.com/by": "hand" };
      old.spec.revisionHistoryLimit = 3;
      old.spec.template.spec.nodeSelector = { disk: "ssd" };
      return kubectl(["apply", "-f", "-"], manifest(old));
    });
    expect(note).toBeUndefined();
    expect(fields.map(({ path }) => path).sort()).toEqual([
      "metadata.annotations",
      "spec.revisionHistoryLimit",
      "spec.template.spec.containers[0].env",
      "spec.template.spec.containers[0].image",
      "spec.template.spec.nodeSelector",
    ]);
  });
});
