/** `mooring render` beside a controller: the same files, the same cluster, the same objects. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/plan/targets.ts";
import { gitIn } from "../git/work-tree.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { AuditLog } from "./harness/audit.ts";
import type { Kind, TestObject } from "./harness/kube-api.ts";
import { configMap, deployment, manifest, secret } from "./harness/manifests.ts";
import { chart, configMapTemplate, kustomization } from "./harness/sources.ts";
import type { Tenant } from "./harness/tenant.ts";
import { startWorld, type World } from "./harness/world.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const appliedHash = "mooring.dev/applied-hash";
const namespace = "shop";

let world: World;
let tenant: Tenant;
let directory: string;
/** Of somebody who may read Applications, and nothing else. */
let kubeconfig: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-render-"));
  world = await startWorld();
  tenant = await world.createTenant(namespace);
  await world.api.create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace, name: "reader" },
  });
  const rbac = "rbac.authorization.k8s.io";
  await world.api.create({
    apiVersion: `${rbac}/v1`,
    kind: "Role",
    metadata: { namespace, name: "reader" },
    rules: [{ apiGroups: ["mooring.dev"], resources: ["applications"], verbs: ["get"] }],
  });
  await world.api.create({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { namespace, name: "reader" },
    roleRef: { apiGroup: rbac, kind: "Role", name: "reader" },
    subjects: [{ kind: "ServiceAccount", namespace, name: "reader" }],
  });
  kubeconfig = await world.plane.kubeconfigFor({ namespace, serviceAccount: "reader" });
});
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

async function render(cwd: string, ...args: string[]): Promise<Run> {
  const env = { PATH: "/usr/bin:/bin", HOME: directory };
  const options = { cwd, env, maxBuffer: 64 << 20 };
  return promisify(execFile)(process.execPath, [main, "render", ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Run) => ({ code, stdout, stderr }),
  );
}

/** A checkout of the application's repository. */
async function checkout(app: ApplicationHandle): Promise<string> {
  const workTree = join(directory, app.name);
  await gitIn(directory, ["clone", "--quiet", app.repository.directory, workTree]);
  return workTree;
}

const asReader = (app: ApplicationHandle) => [
  ...["--as", `${app.namespace}/${app.name}`, "--kubeconfig", kubeconfig],
];

const hashOf = (object: TestObject) =>
  createHash("sha256").update(canonicalJson(object)).digest("base64url").slice(0, 22);

const capabilities =
  '"{{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "mooring.dev/v1alpha1/Application" }} {{ .Capabilities.APIVersions.Has "extensions/v1beta1" }}"';

const cases = [
  {
    name: "plain",
    files: {
      "deploy/a.yaml": manifest(configMap("a", { on: "off", n: "1e3" }), secret("s", { p: "x" })),
      "deploy/b.yaml": manifest(deployment("plain", { replicas: 2 })),
    },
    objects: 3,
  },
  {
    name: "kustomized",
    files: {
      ...kustomization(
        "base",
        { resources: ["web.yaml"] },
        {
          "web.yaml": manifest(deployment("web", { replicas: 1 })),
        },
      ),
      ...kustomization("deploy", {
        resources: ["../base"],
        namePrefix: "prod-",
        replicas: [{ name: "web", count: 5 }],
        configMapGenerator: [{ name: "settings", literals: ["a=1"] }],
      }),
    },
    objects: 2,
  },
  {
    name: "charted",
    files: chart("deploy", {
      values: { colour: "red" },
      templates: {
        "seen.yaml": configMapTemplate("{{ .Release.Name }}", {
          colour: "{{ .Values.colour }} {{ .Values.size }} {{ .Release.Namespace }}",
          capabilities,
        }),
      },
    }),
    source: { helm: { values: { colour: "blue" }, parameters: [{ name: "size", value: "9" }] } },
    objects: 1,
  },
] as const;

describe.each(cases)("a repository that is $name", ({ name, files, objects, ...more }) => {
  test("renders to what the controller applied, by who may read the Application alone", async () => {
    const source = "source" in more ? more.source : {};
    const app = await tenant.application(name, { files, spec: { source } });
    await app.condition("Synced", "True");
    const workTree = await checkout(app);
    const audit = new AuditLog(world.plane.auditLog, `system:serviceaccount:${namespace}:reader`);
    const mark = await audit.mark();

    const run = await render(workTree, "deploy", ...asReader(app), "-o", "json");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const items = JSON.parse(run.stdout).items as TestObject[];
    expect(items).toHaveLength(objects);
    for (const item of items) {
      expect(item.metadata.namespace).toBe(namespace);
      const live = await world.api.read(item.kind as Kind, namespace, item.metadata.name);
      expect(live.metadata.annotations?.[appliedHash], item.metadata.name).toBe(hashOf(item));
    }
    const requests = await audit.requestsSince(mark);
    expect(requests.length).toBeGreaterThan(0);
    expect(new Set(requests.map(({ verb }) => verb))).toEqual(new Set(["get"]));

    // Without PATH it is the Application's; and kubectl sees no difference.
    const yaml = await render(join(workTree, "deploy"), ...asReader(app));
    expect(yaml).toMatchObject({ code: 0, stderr: "" });
    expect(await world.plane.kubectl(["diff", "-f", "-"], yaml.stdout)).toBe("");

    if (name === "plain") {
      await writeFile(join(workTree, "deploy/a.yaml"), manifest(configMap("a", { on: "edited" })));
      const edited = await render(workTree, "deploy", ...asReader(app));
      expect(edited.stdout).toContain("edited");
      const differing = world.plane.kubectl(["diff", "-f", "-"], edited.stdout);
      await expect(differing).rejects.toThrow("kubectl diff");
    }
  });
});

test("a directory without manifests renders to nothing, which a note says", async () => {
  const empty = await mkdtemp(join(directory, "empty-"));
  await writeFile(join(empty, "README.md"), "# Nothing yet\n");
  expect(await render(directory, empty)).toEqual({
    code: 0,
    stdout: "",
    stderr: "note: there is no object in the root\n",
  });
});

describe("what goes wrong ends with 2, one message and no objects", () => {
  const failing = async (args: readonly string[], message: RegExp) => {
    const { code, stdout, stderr } = await render(directory, ...args);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  };

  test("an Application that is not there, or not to be read", async () => {
    const as = (name: string) => [".", "--as", name, "--kubeconfig", kubeconfig];
    await failing(
      as(`${namespace}/nowhere`),
      /^error: the cluster has no Application shop\/nowhere\n$/,
    );
    await failing(as("other/x"), /^error: .*reader.*\n$/);
    await failing(as("a/b/c"), /^error: --as: "a\/b\/c" is neither NAME nor NAMESPACE\/NAME\n$/);
  });

  test("a cluster that does not answer, and a kubeconfig that is none", async () => {
    const args = [".", "--as", "shop/x", "--kubeconfig"];
    const nobody = join(directory, "nobody.yaml");
    const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
    const context = { name: "x", context: { cluster: "c", user: "u" } };
    await writeFile(
      nobody,
      JSON.stringify({ clusters: [cluster], contexts: [context], "current-context": "x" }),
    );
    await failing([...args, nobody], /^error: .*(ECONNREFUSED|refused).*\n$/);
    await failing([...args, join(directory, "none.yaml")], /^error: .*none\.yaml.*\n$/);
  });

  test("a manifest that is broken", async () => {
    await mkdir(join(directory, "broken"));
    await writeFile(join(directory, "broken/broken.yaml"), "a: [\n");
    await failing(["broken"], /^error: broken\.yaml:2:1: .*\n$/);
  });

  test("a flag that there is not", async () => {
    await failing([".", "--nonsense"], /^error: unknown option '--nonsense'/);
  });
});
