/** `mooring render` on the real kustomize and Helm, without a cluster. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { terminalMessage } from "../../../src/cli/output/message.ts";
import { parseRenderFlags } from "../../../src/cli/render/options.ts";
import { type RenderOutput, renderPath } from "../../../src/cli/render/render.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { gitEnvironment } from "../../git/git.ts";
import { commitAll } from "../../git/work-tree.ts";

const modules = fileURLToPath(new URL("../../../renderers/build", import.meta.url));
const now = new Date("2026-02-03T04:05:06Z");

let cwd: string;
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "mooring-render-")));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), content);
  }
}

function render(path: string | undefined, given: object = {}): Promise<RenderOutput> {
  return renderPath(path, parseRenderFlags({ ...given }), {
    env: { PATH: gitEnvironment.PATH, HOME: cwd },
    cwd,
    input: Readable.from([]),
    now: () => now,
    renderersDirectory: modules,
  });
}

async function objects(path: string | undefined, given: object = {}): Promise<KubeObject[]> {
  const { text } = await render(path, { ...given, output: "json" });
  return JSON.parse(text).items;
}

const refusal = (work: Promise<unknown>): Promise<string> => work.then(() => "", terminalMessage);

const configMap = (name: string, data = "{}") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: ${data}\n`;
const chart = { "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n" };
const seen = (template: string) => ({
  ...chart,
  "chart/values.yaml": "a: chart\nb: chart\nc: chart\n",
  "chart/templates/seen.yaml": configMap("seen", `{seen: ${template}}`),
});
const seenBy = async (path: string | undefined, given: object = {}) =>
  (await objects(path, given)).map(({ data }) => (data as { seen: string }).seen);
const values = '"{{ .Values.a }} {{ .Values.b }} {{ .Values.c }}"';
const application = (source: string, more = "") =>
  `apiVersion: mooring.dev/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  source: {git: {url: "https://git.example/x"}, ${source}}\n${more}`;

describe("a kustomization", () => {
  const overlay = {
    "base/kustomization.yaml": "resources: [a.yaml]\n",
    "base/a.yaml": configMap("a"),
    "overlays/prod/kustomization.yaml": "resources: [../../base]\nnamePrefix: prod-\n",
  };

  test("refers to others of the same work tree, as they are on disk", async () => {
    await write(overlay);
    await commitAll(cwd, "First");
    await write({ "base/a.yaml": configMap("changed") });
    expect((await objects("overlays/prod"))[0]?.metadata.name).toBe("prod-changed");
    expect((await render("overlays/prod")).text).toMatch(/^---\n# Source: .+\napiVersion: v1\n/);
  });

  test("outside of a work tree is told how to reach what is beside it", async () => {
    await write(overlay);
    expect(await refusal(render("overlays/prod"))).toMatch(
      /kustomization(.|\n)*\/base(.|\n)* is in no Git work tree: .*--root/,
    );
    expect((await objects("overlays/prod", { root: "." }))[0]?.metadata.name).toBe("prod-a");
  });

  test("that follows a link out of the root is refused, and nothing is read there", async () => {
    await write({ "kustomization.yaml": "resources: [passwd.yaml]\n" });
    await symlink("/etc/passwd", join(cwd, "passwd.yaml"));
    const message = await refusal(render("."));
    expect(message).toContain("passwd.yaml");
    expect(message).not.toContain("root:");
  });
});

describe("a chart", () => {
  test("sees what helm template shows it, and what flags say", async () => {
    await write(
      seen(
        '"{{ .Release.Name }} {{ .Release.Namespace }} {{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "x/v1" }} {{ .Capabilities.APIVersions.Has "batch/v1" }}"',
      ),
    );
    expect(await seenBy("chart")).toEqual(["release-name default v1.37.0 false true"]);
    const flags = { releaseName: "r", namespace: "n", kubeVersion: "1.30", apiVersions: ["x/v1"] };
    expect(await seenBy("chart", flags)).toEqual(["r n v1.30 true true"]);
  });

  test("takes values of files anywhere, a later one over an earlier one, parameters over all", async () => {
    await write({ ...seen(values), "one.yaml": "a: 1\nb: 1\n", "two.yaml": "b: 2\nc: 2\n" });
    const files = ["one.yaml", join(cwd, "two.yaml")];
    expect(await seenBy("chart", { values: files })).toEqual(["1 2 2"]);
    const flags = { values: files, parameter: ["c=3"], stringParameter: ["b=on"] };
    expect(await seenBy("chart", flags)).toEqual(["1 on 3"]);
  });

  test("of random values says so, is the same each time, and of the clock says where it stands", async () => {
    await write(seen("{{ randAlphaNum 8 }}"));
    const first = await render("chart");
    expect(await render("chart")).toEqual(first);
    expect(first.notes.join()).toMatch(/random values: .* not the cluster's/);
    await write(seen('{{ now | date "2006-01-02" }}'));
    const { text, notes } = await render("chart");
    expect(text).toContain('seen: "2026-02-03"');
    expect(notes.join()).toContain("2026-02-03T04:05:06.000Z (now, for there is no commit)");
  });

  test("without either has no notes, and hooks are marked", async () => {
    await write({
      ...chart,
      "chart/templates/a.yaml": configMap("a").replace(
        "{name: a}",
        '{name: a, annotations: {"helm.sh/hook": "pre-install"}}',
      ),
    });
    const { text, notes } = await render("chart");
    expect(notes).toEqual([]);
    expect(text).toContain("# Source: templates/a.yaml\n# Hook: pre-install (");
  });

  test("that fails names the template", async () => {
    await write({ ...chart, "chart/templates/a.yaml": '{{ fail "no luck" }}' });
    expect(await refusal(render("chart"))).toMatch(/\(templates\/a\.yaml:1:3\): no luck\.$/);
  });

  test("that loops ends with the deadline", async () => {
    const loop = '{{ define "l" }}{{ range until 9999999 }}{{ end }}{{ include "l" . }}{{ end }}';
    await write({ ...chart, "chart/templates/a.yaml": `${loop}{{ include "l" . }}` });
    expect(await refusal(render("chart", { timeout: "500ms" }))).toMatch(/0\.5 s/);
  });
});

describe("for an Application of a file", () => {
  const helm = "path: chart, helm: {values: {a: app, b: app}, parameters: [{name: c, value: app}]}";

  test("its options hold, and flags go over them", async () => {
    const release =
      '"{{ .Release.Name }} {{ .Release.Namespace }} {{ .Values.a }} {{ .Values.c }}"';
    await write({ ...seen(release), "app.yaml": application(helm), "v.yaml": "a: flag\n" });
    expect(await seenBy("chart", { as: "app.yaml" })).toEqual(["shop default app app"]);
    const flags = { as: "app.yaml", values: ["v.yaml"], parameter: ["c=flag"], namespace: "n" };
    expect(await seenBy("chart", flags)).toEqual(["shop n flag flag"]);
  });

  test("its path is rendered where no other is given", async () => {
    await write({ ...seen(values), "apps/app.yaml": application(helm) });
    expect(await seenBy(undefined, { as: "apps/app.yaml" })).toEqual(["app app app"]);
    expect(await refusal(render(undefined))).toContain("PATH is missing");
  });

  test("its destination is the namespace of the release", async () => {
    const destination = "  destination: {namespace: prod}\n";
    const app = application("path: chart", destination);
    await write({ ...seen('"{{ .Release.Namespace }}"'), "app.yaml": app });
    expect(await seenBy("chart", { as: "app.yaml" })).toEqual(["prod"]);
  });

  test.each([
    ["no Application", configMap("a"), /app\.yaml holds no Application/],
    [
      "two",
      `${application("path: a")}---\n${application("path: b")}`,
      /2 Applications \(shop, shop\)/,
    ],
    ["one that is invalid", application("path: 1"), /spec\.source\.path/],
    ["what is no YAML", "a: [", /app\.yaml:\d+: /],
  ])("a file with %s is refused", async (_what, text, message) => {
    await write({ ...seen(values), "app.yaml": text });
    expect(await refusal(render("chart", { as: "app.yaml" }))).toMatch(message);
  });
});

test("options of charts are for charts alone", async () => {
  await write({ "plain/a.yaml": configMap("a"), "v.yaml": "a: 1\n" });
  const flags = { values: ["v.yaml"] };
  expect(await refusal(render("plain", flags))).toMatch(/no Helm chart/);
  expect(await refusal(render("plain", { ...flags, tool: "directory" }))).toMatch(
    /not for directory/,
  );
});

test("plain manifests are rendered, and one that is broken is named", async () => {
  await write({ "plain/a.yaml": configMap("a"), "plain/below/b.yaml": configMap("b") });
  expect((await objects("plain")).map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  await write({ "plain/c.yaml": "a: [\n" });
  expect(await refusal(render("plain"))).toMatch(/^c\.yaml:2:1: [^\n]*$/);
});

test("where the modules are missing, that is said; plain manifests need none", async () => {
  await write({ ...chart, "plain/a.yaml": configMap("a") });
  const flags = { renderers: join(cwd, "nowhere") };
  expect(await refusal(render("chart", flags))).toMatch(/cannot run helm\.\n.*nowhere/);
  expect(await objects("plain", flags)).toHaveLength(1);
});

test("values of Secrets are printed, unless they are to be redacted", async () => {
  const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}\n";
  await write({ "plain/s.yaml": secret });
  const encoded = Buffer.from("hunter2").toString("base64");
  expect((await render("plain")).text).toContain(`p: ${encoded}`);
  for (const output of ["yaml", "json"]) {
    const { text } = await render("plain", { redactSecrets: true, output });
    expect(text).not.toContain(encoded);
    expect(text).toContain("***");
  }
});
