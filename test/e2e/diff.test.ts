/** `mooring diff` on a real cluster, with the rights of a person who may deploy to one namespace. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gitEnvironment } from "../git/git.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { withoutChance } from "./harness/command.ts";
import { type DiffingTeam, deployed, deploying, diffingTeam } from "./harness/diffing-team.ts";
import { configMap, definition, deployment, manifest, secret } from "./harness/manifests.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let world: World;
let cwd: string;
beforeAll(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "mooring-diff-test-")));
  world = await startWorld();
});
afterAll(async () => {
  await world?.stop();
  await rm(cwd, { recursive: true, force: true });
});

function team(name: string, rules?: readonly object[]): Promise<DiffingTeam> {
  return diffingTeam(world, cwd, name, rules);
}

/** What the person asked the apiserver for, since the beginning: nothing but questions. */
async function writesOf(user: string): Promise<string[]> {
  const lines = (await readFile(world.plane.auditLog, "utf8")).split("\n").filter(Boolean);
  return lines
    .map(
      (line) =>
        JSON.parse(line) as { verb: string; requestURI: string; user: { username: string } },
    )
    .filter(({ user: { username }, verb, requestURI }) => {
      const asks = ["get", "list", "watch"].includes(verb) || requestURI.includes("dryRun=All");
      return username === user && !asks;
    })
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
}

describe("against the repository", () => {
  const files = {
    "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue", size: "1" })),
    "deploy/old.yaml": manifest(configMap("old", { v: "1" })),
    "deploy/same.yaml": manifest(configMap("same", { v: "1" })),
    "deploy/web.yaml": manifest(deployment("web", { replicas: 2 })),
    "deploy/login.yaml": manifest(secret("login", { password: "hunter2-old", user: "bob" })),
  };
  let shop: DiffingTeam;
  let app: ApplicationHandle;

  beforeAll(async () => {
    shop = await team("shop");
    app = await deployed(shop.tenant, "web", { files });
  });

  test("nothing to change ends with 0 and prints nothing", async () => {
    const { code, out, err } = await shop.diff(["web"]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^nothing would change: 5 unchanged at main@sha1:[0-9a-f]{40}\n$/);
  });

  describe("a commit that the controller has not seen", () => {
    beforeAll(async () => {
      await app.commit({
        "deploy/settings.yaml": manifest(configMap("settings", { colour: "green", size: "1" })),
        "deploy/old.yaml": null,
        "deploy/new.yaml": manifest(configMap("new", { v: "1" })),
        "deploy/web.yaml": manifest(deployment("web", { replicas: 3, image: "example.com/app:2" })),
        "deploy/login.yaml": manifest(secret("login", { password: "hunter2-new", user: "bob" })),
      });
    });

    test.each([80, 200])("is told as unified diffs, %i columns wide", async (columns) => {
      const { code, out } = await shop.diff(["web"], { columns });
      expect(code).toBe(1);
      await expect(withoutChance(out)).toMatchFileSnapshot(`golden/diff-${columns}.txt`);
    });

    test.each([80, 200])("is told in a line for each object, %i columns wide", async (columns) => {
      const { code, out } = await shop.diff(["web", "--summary"], { columns });
      expect(code).toBe(1);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
      await expect(withoutChance(out)).toMatchFileSnapshot(`golden/diff-summary-${columns}.txt`);
    });

    test("is told to programs field by field", async () => {
      const { code, out } = await shop.diff(["web", "-o", "json"]);
      expect(code).toBe(1);
      const { counts, objects } = JSON.parse(out);
      expect(counts).toMatchObject({ create: 1, change: 3, prune: 1, none: 1 });
      expect(objects).toContainEqual({
        object: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" },
        action: "change",
        fields: [
          { path: "spec.replicas", live: 2, desired: 3 },
          {
            path: "spec.template.spec.containers[0].image",
            live: "example.com/app:1",
            desired: "example.com/app:2",
          },
        ],
      });
      expect((await shop.diff(["web", "-o", "yaml"])).out).toContain("action: prune");
    });

    test("that a Secret differs is told, not how", async () => {
      const said = await Promise.all(
        [[], ["-o", "json"], ["-o", "yaml"], ["--summary"]].map((flags) =>
          shop.diff(["web", ...flags]),
        ),
      );
      const all = said.map(({ out, err }) => out + err).join();
      expect(all).toContain("Secret shop/login would be changed");
      for (const value of ["hunter2-old", "hunter2-new", "bob"]) {
        expect(all).not.toContain(value);
        expect(all).not.toContain(Buffer.from(value).toString("base64"));
      }
    });

    test("KUBECTL_EXTERNAL_DIFF names the program, which gets two directories", async () => {
      const told = join(cwd, "told");
      const program = join(cwd, "external.sh");
      await writeFile(
        program,
        `#!/bin/sh\necho "$1" > ${told}\ncat "$2"/*settings* "$3"/*settings* >> ${told}\nexit 1\n`,
        {
          mode: 0o755,
        },
      );
      const { code } = await shop.diff(["web"], {
        env: { KUBECTL_EXTERNAL_DIFF: `${program} -x` },
      });
      expect(code).toBe(1);
      const text = await readFile(told, "utf8");
      expect(text).toMatch(/^-x\n/);
      expect(text).toMatch(/colour: blue[\s\S]*colour: green/);
    });

    test("and nothing of it was written", async () => {
      const live = await world.api.read("ConfigMap", "shop", "settings");
      expect(live.data).toEqual({ colour: "blue", size: "1" });
      expect(await world.api.get("ConfigMap", "shop", "new")).toBeUndefined();
      expect(await writesOf("dev-of-shop")).toEqual([]);
    });
  });

  test("--revision compares a branch, a tag, a commit or the beginning of a known one", async () => {
    const first = (await app.get()).status?.commit?.id ?? "";
    await app.repository.setBranch("release", first);
    await app.repository.tag("v1", first);
    for (const revision of ["release", "v1", first, first.slice(0, 8)]) {
      const { code, err } = await shop.diff(["web", "--revision", revision]);
      expect({ revision, code, err }).toMatchObject({ code: 0 });
      expect(err).toContain(first);
    }
    const { code, err } = await shop.diff(["web", "--revision", "nowhere"]);
    expect(code).toBe(2);
    expect(err).toContain("nowhere");
  });

  test("what cannot be told ends with 2", async () => {
    expect(await shop.diff(["missing"])).toMatchObject({
      code: 2,
      err: "error: the cluster has no Application shop/missing\n",
    });
    expect((await shop.diff(["web", "--frob"])).code).toBe(2);
    const stranger = await world.plane.kubeconfigFor({ name: "stranger" });
    expect(await shop.diff(["web"], { kubeconfig: stranger })).toMatchObject({
      code: 2,
      err: "error: user stranger may not get applications.mooring.dev in namespace shop.\n",
    });
  });
});

test("an object that the caller may not read is unknown, never unchanged", async () => {
  const rules = deploying.map((rule) => ({
    ...rule,
    resources: rule.resources.filter((resource) => resource !== "secrets"),
  }));
  const { tenant, diff } = await team("half-blind", rules);
  await deployed(tenant, "web", {
    files: {
      "deploy/a.yaml": manifest(configMap("a", { v: "1" })),
      "deploy/s.yaml": manifest(secret("s", { password: "x" })),
    },
  });
  const { code, out } = await diff(["web"]);
  expect(code).toBe(2);
  expect(out).toContain(
    "# Secret half-blind/s unknown: user dev-of-half-blind may not get secrets in namespace half-blind",
  );
  expect(out).toContain(
    "what would be pruned of Secret is not known: user dev-of-half-blind may not list secrets",
  );
});

test("ignored fields are left out, held by us or not, in lists too", async () => {
  const { tenant, diff } = await team("ignoring");
  const env = [
    { name: "LEVEL", value: "info" },
    { name: "COLOUR", value: "blue" },
  ];
  const app = await deployed(tenant, "web", {
    files: { "deploy/web.yaml": manifest(deployment("web", { replicas: 2, env })) },
  });
  await app.configure({
    mode: "observe",
    ignoreDifferences: [
      { group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"] },
      {
        group: "apps",
        kind: "Deployment",
        jqPathExpressions: [
          '.spec.template.spec.containers[].env[] | select(.name == "LEVEL") | .value',
        ],
      },
    ],
  });
  await app.commit({
    "deploy/web.yaml": manifest(
      deployment("web", {
        replicas: 5,
        env: [{ name: "LEVEL", value: "debug" }, env[1] as object],
      }),
    ),
  });
  expect(await diff(["web"])).toMatchObject({ code: 0, out: "" });
  await app.commit({
    "deploy/web.yaml": manifest(
      deployment("web", { replicas: 5, env, image: "example.com/app:2" }),
    ),
  });
  const { code, out } = await diff(["web", "-o", "json"]);
  expect(code).toBe(1);
  const [{ fields }] = JSON.parse(out).objects;
  expect(fields.map(({ path }: { path: string }) => path)).toEqual([
    "spec.template.spec.containers[0].image",
  ]);
});

test("what is not there yet would be created: its namespace, its kind", async () => {
  const { tenant, diff } = await team("newcomer", [
    ...deploying,
    { apiGroups: [""], resources: ["*"], verbs: ["*"] },
  ]);
  const gadget = {
    apiVersion: "shop.example/v1",
    kind: "Gadget",
    metadata: { name: "g" },
    spec: {},
  };
  const app = await tenant.application("web", {
    spec: { suspend: true },
    files: {
      "deploy/a.yaml": manifest(configMap("a", { v: "1" }, { namespace: "not-there" })),
      "deploy/crd.yaml": manifest(definition("Gadget", "gadgets")),
      "deploy/g.yaml": manifest(gadget),
      "deploy/x.yaml": manifest({ ...gadget, kind: "Unheard" }),
    },
  });
  await waitFor("the Application", () => app.get());
  // Cluster-scoped kinds and other namespaces take somebody with more rights.
  const { code, out, err } = await diff(["web"], { kubeconfig: world.plane.adminKubeconfig });
  expect(code).toBe(1);
  expect(out).toContain(
    "# ConfigMap not-there/a would be created: the namespace not-there does not exist yet",
  );
  expect(out).toContain(
    "# CustomResourceDefinition.apiextensions.k8s.io gadgets.shop.example would be created\n",
  );
  expect(out).toContain(
    "# Gadget.shop.example newcomer/g would be created: its kind is defined by the source",
  );
  expect(out).toMatch(
    /# Unheard.shop.example .*g refused: the cluster has no kind Unheard in shop.example\/v1/,
  );
  expect(err).toContain("note: the Application is suspended");
});

test("what the controller would refuse is refused, and the owner named", async () => {
  const { tenant, diff } = await team("rivals");
  await deployed(tenant, "first", {
    files: { "deploy/a.yaml": manifest(configMap("a", { v: "1" })) },
  });
  const immutable = { ...configMap("fixed", { v: "1" }), immutable: true };
  const second = await deployed(tenant, "second", {
    files: { "deploy/b.yaml": manifest(immutable) },
  });
  await second.commit({
    "deploy/a.yaml": manifest(configMap("a", { v: "2" })),
    "deploy/b.yaml": manifest({ ...immutable, data: { v: "2" } }),
    "deploy/c.yaml": manifest(configMap("c", {})),
    "deploy/again.yaml": manifest(configMap("c", {})),
  });
  const nameless = await diff(["second"]);
  expect(nameless.code).toBe(1);
  expect(nameless.out).toContain("# ConfigMap rivals/a refused: belongs to another owner");
  const { out } = await diff(["second"], { kubeconfig: world.plane.adminKubeconfig });
  expect(out).toContain("# ConfigMap rivals/a refused: belongs to the application rivals/first");
  expect(out).toMatch(/# ConfigMap rivals\/fixed refused: data: .*immutable/);
  expect(out).toMatch(
    /# ConfigMap rivals\/c refused: defined more than once: .*again.yaml.*c.yaml/,
  );
});

test("what would be pruned, what the guard would hold, what stays", async () => {
  const { tenant, diff } = await team("pruning");
  const many = Object.fromEntries(
    Array.from({ length: 8 }, (_, n) => [
      `deploy/${n}.yaml`,
      manifest(configMap(`c${n}`, { v: "1" })),
    ]),
  );
  const app = await deployed(tenant, "web", { files: many });
  const actions = async () =>
    JSON.parse((await diff(["web", "-o", "json"])).out).objects.map(
      ({ action, object }: { action: string; object: { name: string } }) =>
        `${action} ${object.name}`,
    );
  await app.commit({ "deploy/0.yaml": null });
  expect(await actions()).toEqual(["prune c0"]);
  await app.commit({ "deploy/1.yaml": null, "deploy/2.yaml": null });
  expect(await actions()).toEqual(["hold c0", "hold c1", "hold c2"]);
  expect((await diff(["web"])).out).toContain(
    "# ConfigMap pruning/c0 is no longer in the source, and held from being pruned: the prune guard would hold it: 3 of 8 objects, more than 30 %",
  );
  await app.configure({ prune: false, mode: "observe" });
  const { code, out } = await diff(["web"]);
  expect(code).toBe(1);
  expect(out).toContain(
    "# ConfigMap pruning/c0 is no longer in the source, and stays: spec.prune is false",
  );
});

test("the command itself ends with these codes, and writes where it should", async () => {
  const { tenant } = await team("process");
  const app = await deployed(tenant, "web", {
    files: { "deploy/a.yaml": manifest(configMap("a", { v: "1" })) },
  });
  await app.commit({ "deploy/a.yaml": manifest(configMap("a", { v: "2" })) });
  const run = (name: string) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const args = [main, "diff", name, "-n", "process", "--summary"];
      const env = { ...gitEnvironment, KUBECONFIG: world.plane.adminKubeconfig };
      execFile(process.execPath, args, { env, cwd }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  const { code, stdout } = await run("web");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ACTION .*\nchange .* a +data.v\n$/);
  expect(await run("nothing")).toMatchObject({ code: 2, stdout: "" });
});
