/**
 * What runs in other people's CI, as it runs there: the files of examples/ci on a checkout of a
 * real repository, against a real cluster, with the rights of examples/ci/rbac.yaml, and hosts
 * that play GitHub and GitLab.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { startHost } from "../ci/hosts.ts";
import { githubEvent, githubJob, gitlabJob, type Run, runScript, scripts } from "../ci/run.ts";
import { commitAll, gitIn } from "../git/work-tree.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { configMap, manifest, secret } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const mooring = `${process.execPath} ${main}`;
const sentinels = ["before-sentinel", "after-sentinel", "created-sentinel"];
const everyForm = sentinels.flatMap((value) => [value, Buffer.from(value).toString("base64")]);
const file = "applications/shop.yaml";

let world: World;
let app: ApplicationHandle;
let directory: string;
let checkout: string;
let kubeconfig: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-ci-"));
  world = await startWorld();
  const tenant = await world.createTenant("team-a");
  await tenant.addNamespace("shop");
  await world.plane.kubectl(["apply", "-f", join(scripts, "rbac.yaml")]);
  kubeconfig = await world.plane.kubeconfigFor({ namespace: "team-a", serviceAccount: "ci" });
  app = await tenant.application("shop", {
    files: {
      "deploy/prod/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
      "deploy/prod/login.yaml": manifest(secret("login", { password: "before-sentinel" })),
    },
    spec: { source: { path: "deploy/prod" }, destination: { namespace: "shop" } },
  });
  await app.ready();
  checkout = join(directory, "checkout");
  await gitIn(directory, ["clone", "--quiet", app.repository.directory, checkout]);
  const { apiVersion, kind, metadata, spec } = await app.get();
  const { namespace, name } = metadata;
  await put({ [file]: stringify({ apiVersion, kind, metadata: { namespace, name }, spec }) });
});
/** A test leaves the checkout as it was. */
afterEach(async () => {
  await gitIn(checkout, ["checkout", "--quiet", "--", "deploy"]);
  await gitIn(checkout, ["clean", "--quiet", "--force", "deploy"]);
});
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), text);
  }
}

const comment = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Run> =>
  runScript("comment.mjs", args, {
    cwd: checkout,
    env: { HOME: directory, MOORING: mooring, KUBECONFIG: kubeconfig, ...env },
  });

function expectNoSecret(...texts: readonly string[]): void {
  for (const text of texts) for (const value of everyForm) expect(text).not.toContain(value);
}

test("a pull request is told what it would change in the cluster, and then that it would not", async () => {
  await using host = await startHost("github");
  const event = join(directory, "event.json");
  await writeFile(event, githubEvent("0".repeat(40)));
  const job = githubJob(host, event);
  await put({
    "deploy/prod/settings.yaml": manifest(configMap("settings", { colour: "```\n</details>" })),
    "deploy/prod/login.yaml": manifest(secret("login", { password: "after-sentinel" })),
    "deploy/prod/more.yaml": manifest(secret("more", { password: "created-sentinel" })),
  });
  const before = await world.api.read("ConfigMap", "shop", "settings");
  const changed = await comment(job, file);
  expect(changed.code, changed.stdout).toBe(0);
  const [posted] = host.comments;
  expect(posted?.body).toContain(`**${file}**: differs from the cluster`);
  expect(posted?.body).toMatch(/^-\s+colour: blue$/m);
  expect(posted?.body).toMatch(/^`{4,}diff$/m);
  for (const name of ["settings", "login", "more"]) expect(posted?.body).toContain(name);
  expectNoSecret(posted?.body ?? "", changed.stdout, changed.stderr);
  // It was compared, and nothing was written.
  expect((await world.api.read("ConfigMap", "shop", "settings")).metadata.resourceVersion).toBe(
    before.metadata.resourceVersion,
  );
  expect(await world.api.get("Secret", "shop", "more")).toBeUndefined();

  await gitIn(checkout, ["checkout", "--quiet", "--", "deploy"]);
  await gitIn(checkout, ["clean", "--quiet", "--force", "deploy"]);
  expect(await comment(job, file, "team-a/shop")).toMatchObject({ code: 0 });
  expect(host.comments).toHaveLength(1);
  expect(host.comments[0]?.body).toContain(`**${file}**: no difference`);
  expect(host.comments[0]?.body).toContain("**team-a/shop**: no difference");
});

test("a merge request whose manifests are broken is told the file and line, and the job fails", async () => {
  await using host = await startHost("gitlab");
  await put({ "deploy/prod/settings.yaml": "a: [\n" });
  const { code } = await comment(gitlabJob(host, "0".repeat(40)), file);
  expect(code).toBe(1);
  expect(host.comments[0]?.body).toContain("cannot be rendered");
  expect(host.comments[0]?.body).toContain("deploy/prod/settings.yaml:2:1");
});

test("a fork's pull request is rendered without a cluster, a token or a secret", async () => {
  const summary = join(directory, "summary.md");
  const env = { KUBECONFIG: join(directory, "none"), GITHUB_STEP_SUMMARY: summary };
  const run = await comment(env, "--to", "summary", "--render-only", file);
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const page = await readFile(summary, "utf8");
  expect(page).toContain(`**${file}**: 2 objects`);
  expect(page).toContain("colour: blue");
  expectNoSecret(page, run.stdout);
});

test("who compares in CI can write nothing, whatever its token is used for", async () => {
  const write = ["patch", "configmap", "settings", "-n", "shop", "-p", '{"data":{"colour":"red"}}'];
  const asCi = ["--kubeconfig", kubeconfig];
  await expect(world.plane.kubectl([...asCi, ...write])).rejects.toThrow(
    "CI compares, and writes nothing",
  );
  await world.plane.kubectl([...asCi, ...write, "--dry-run=server"]);
  await expect(
    world.plane.kubectl([...asCi, "create", "configmap", "x", "-n", "shop"]),
  ).rejects.toThrow("CI compares, and writes nothing");
});

test("the hook of pre-commit stops what does not render, and names it", async () => {
  const manifestOfHooks = fileURLToPath(new URL("../../.pre-commit-hooks.yaml", import.meta.url));
  const [hook] = parse(await readFile(manifestOfHooks, "utf8")) as { entry: string }[];
  expect(hook?.entry).toBe("examples/ci/render-changed.mjs");
  const work = join(directory, "hooked");
  await mkdir(join(work, "overlays/prod"), { recursive: true });
  await mkdir(join(work, "base"), { recursive: true });
  await writeFile(join(work, "base/web.yaml"), manifest(secret("s", { a: "before-sentinel" })));
  await writeFile(
    join(work, "overlays/prod/kustomization.yaml"),
    "resources: [../../base/web.yaml, ../../gone]\n",
  );
  await commitAll(work, "First");
  const run = (...changed: string[]) =>
    runScript("render-changed.mjs", changed, {
      cwd: work,
      env: { HOME: directory, MOORING: mooring },
    });
  // Of what refers to the changed file one does not render; the other one is not told of.
  const { code, stdout, stderr } = await run("base/web.yaml");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^overlays\/prod\nerror: .*gone/);
  expect(stderr).not.toMatch(/^base$/m);
  expectNoSecret(stdout, stderr);
});
