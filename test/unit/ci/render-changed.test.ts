/** examples/ci/render-changed.mjs: which directories a commit makes it render. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runScript } from "../../ci/run.ts";
import { commitAll } from "../../git/work-tree.ts";

const files: Readonly<Record<string, string>> = {
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": "apiVersion: v1\nkind: ConfigMap\n",
  "overlays/dev/kustomization.yaml": "resources:\n- ../../base\n",
  "overlays/prod/kustomization.yaml":
    'resources: ["../../base"]\ncomponents:\n  - ../../parts/cache # twice\n',
  "overlays/prod/eu/kustomization.yaml": "bases: [ .. ]\n",
  "overlays/other/kustomization.yml":
    "configMapGenerator:\n- name: x\n  files: [a=../../note.txt]\n",
  "parts/cache/kustomization.yaml": "kind: Component\nresources: [cache.yaml]\n",
  "parts/cache/cache.yaml": "{}\n",
  "note.txt": "text\n",
  "charts/shop/Chart.yaml": "name: shop\n",
  "charts/shop/templates/a.yaml": "{{ if }}\n",
  "charts/shop/charts/sub/Chart.yaml": "name: sub\n",
  "charts/shop/charts/sub/values.yaml": "a: 1\n",
  "charts/lib/Chart.yaml": "name: lib\ntype: library\n",
  "plain/one.yaml": "apiVersion: v1\nkind: Service\n",
  "plain/two.json": '{\n  "apiVersion": "v1",\n  "kind": "Service"\n}\n',
  "plain/values.yaml": "a: 1\n",
  ".github/workflows/x.yaml": "apiVersion: v1\nkind: Hidden\n",
  "README.md": "# Nothing\n",
};

let directory: string;
let program: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-hook-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, "repository", dirname(path)), { recursive: true });
    await writeFile(join(directory, "repository", path), text);
  }
  await commitAll(join(directory, "repository"), "First");
  program = join(directory, "mooring.mjs");
  await writeFile(
    program,
    `#!${process.execPath}
import { appendFileSync } from "node:fs";
const [verb, ...rest] = process.argv.slice(2);
const [path, ...more] = rest.slice(rest.indexOf("--") + 1);
const flags = rest.slice(0, rest.indexOf("--")).concat(more);
appendFileSync(${JSON.stringify(join(directory, "calls"))}, [verb, path, ...flags].join(" ") + "\\n");
if (path.startsWith("plain")) {
  process.stderr.write("error: plain/one.yaml:2: it is broken\\n");
  process.exitCode = 2;
}
`,
  );
  await chmod(program, 0o755);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]) =>
  runScript("render-changed.mjs", args, {
    cwd: join(directory, "repository"),
    env: { MOORING: program },
  });
const calls = async () =>
  (await readFile(join(directory, "calls"), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "");
const rendered = async () => (await calls()).map((line) => line.split(" ")[1]);

test.each([
  ["a file of an overlay", ["overlays/dev/kustomization.yaml"], ["overlays/dev"]],
  [
    "a file of a base: all that refer to it, through any number of steps",
    ["base/web.yaml"],
    ["base", "overlays/dev", "overlays/prod", "overlays/prod/eu"],
  ],
  [
    "a file of a component: its users, for it cannot be rendered alone",
    ["parts/cache/cache.yaml"],
    ["overlays/prod", "overlays/prod/eu"],
  ],
  ["a file that a generator reads", ["note.txt"], ["overlays/other"]],
  ["a template of a chart", ["charts/shop/templates/a.yaml"], ["charts/shop"]],
  ["a file of a subchart: the whole", ["charts/shop/charts/sub/values.yaml"], ["charts/shop"]],
  ["a library chart: nothing", ["charts/lib/Chart.yaml"], []],
  ["what is no manifest: nothing", ["README.md", ".github/workflows/x.yaml"], []],
  ["values of nobody: nothing", ["plain/values.yaml"], []],
])("%s", async (_what, changed, expected) => {
  expect(await run(...changed)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await rendered()).toEqual(expected);
});

test("a plain manifest is rendered with its directory, once, and what is wrong with it is told", async () => {
  const { code, stderr } = await run("plain/one.yaml", "plain/two.json");
  expect(code).toBe(1);
  expect(stderr).toBe("plain\nerror: plain/one.yaml:2: it is broken\n");
  expect(await rendered()).toEqual(["plain"]);
});

test("flags are handed on, and values of Secrets are never printed", async () => {
  await run("--kube-version=1.36", "overlays/dev/kustomization.yaml");
  expect(await calls()).toEqual(["render overlays/dev --redact-secrets --kube-version=1.36"]);
});

test("a file whose name looks like a flag is rendered as a file, and is no flag", async () => {
  const hostile = "--renderers=x/one.yaml";
  await mkdir(join(directory, "repository", dirname(hostile)), { recursive: true });
  await writeFile(join(directory, "repository", hostile), "apiVersion: v1\nkind: Service\n");
  await writeFile(join(directory, "repository", "--help"), "");
  expect(await run("-n=shop", hostile, "--help")).toMatchObject({ code: 0 });
  expect(await calls()).toEqual(["render --renderers=x --redact-secrets -n=shop"]);
});
