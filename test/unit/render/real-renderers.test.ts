/** Reads, misses, links and randomness with kustomize and Helm themselves in the sandbox. */
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createModuleVersion } from "../../../src/render/module-version.ts";
import { createRenderer, type RenderCost, type Renderer } from "../../../src/render/render.ts";
import { createSandbox, type Sandbox } from "../../../src/render/sandbox/sandbox.ts";
import { from } from "./from.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";
import { problem } from "./problem.ts";

type Files = ConstructorParameters<typeof MemorySnapshot>[0];
const modules = fileURLToPath(new URL("../../../renderers/build", import.meta.url));

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = createSandbox({ directory: modules, workers: 2, idleMs: 60_000 });
});
afterAll(() => sandbox.close());

const renderers: Renderer[] = [];
afterEach(async () => {
  await Promise.all(renderers.splice(0).map((made) => made.close()));
});

/** A renderer with nothing in its cache, over the shared sandbox. */
function start() {
  const costs: RenderCost[] = [];
  const renderer = createRenderer({
    workers: 0,
    cacheBytes: 8 << 20,
    deadlineMs: 5000,
    sandbox: {
      runs: { run: sandbox.run, close: async () => {} },
      versionOf: createModuleVersion(modules),
    },
    observe: (cost) => void costs.push(cost),
  });
  renderers.push(renderer);
  const render = (files: Files | MemorySnapshot, source: ReturnType<typeof from>) =>
    renderer.render(files instanceof MemorySnapshot ? files : new MemorySnapshot(files), source);
  const rendered = () => costs.splice(0).filter(({ work }) => work === "rendered").length;
  return { renderer, render, rendered };
}

const configMap = (name: string, more = "") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;

describe("kustomize", () => {
  const repository: Record<string, string> = {
    "README.md": "hello",
    "web/base/kustomization.yaml": "resources: [web.yaml]\n",
    "web/base/web.yaml": configMap("web", "data: {a: '1'}\n"),
    "other/kustomization.yaml": "resources: [a.yaml]\n",
    "other/a.yaml": configMap("a"),
  };
  for (const [i, name] of ["dev", "staging", "prod"].entries())
    repository[`web/overlays/${name}/kustomization.yaml`] =
      `resources: [../../base]\nnamePrefix: ${name}-\nconfigMapGenerator:\n- name: g\n  literals: [i=${i}]\n`;
  const paths = ["web/overlays/dev", "web/overlays/staging", "web/overlays/prod", "other"];
  const all = (render: ReturnType<typeof start>["render"], files: Files) =>
    Promise.all(paths.map((path) => render(files, from(path, { key: path }))));

  test("a README renders nothing, a base its overlays, a file of an overlay that one", async () => {
    const { render, rendered } = start();
    const [dev] = await all(render, repository);
    expect(dev?.objects.map(({ object }) => object.metadata.name).sort()).toEqual([
      expect.stringMatching(/^dev-g-/),
      "dev-web",
    ]);
    expect(rendered()).toBe(4);
    await all(render, { ...repository, "README.md": "changed", "web/README.md": "new" });
    expect(rendered()).toBe(0);
    const changed = configMap("web", "data: {a: '2'}\n");
    await all(render, { ...repository, "web/base/web.yaml": changed });
    expect(rendered()).toBe(3);
    await all(render, { ...repository, "other/a.yaml": configMap("b") });
    expect(rendered()).toBe(1);
  });

  test("all files come in one batch, before the first question", async () => {
    const { render } = start();
    const first = new MemorySnapshot(repository);
    await render(first, from("web/overlays/prod"));
    expect(first.reads).toHaveLength(1);
    const second = new MemorySnapshot({ ...repository, "web/base/web.yaml": configMap("x") });
    await render(second, from("web/overlays/prod"));
    expect(second.reads).toHaveLength(1);
    expect(second.reads.flat()).toHaveLength(3);
  });

  test("a file that it missed renders anew when it is there, a failure included", async () => {
    const { render, rendered } = start();
    const files = {
      "x/kustomization.yaml": "resources: [a.yaml, ../shared]\n",
      "x/a.yaml": configMap("a"),
    };
    const missing = await problem(render(files, from("x")));
    expect(missing.message).toContain("shared");
    await problem(render({ ...files, README: "" }, from("x")));
    expect(rendered()).toBe(1);
    const { objects } = await render(
      {
        ...files,
        "shared/kustomization.yml": "resources: [b.yaml]\n",
        "shared/b.yaml": configMap("b"),
      },
      from("x"),
    );
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(["a", "b"]);
  });

  test("a link inside the repository is followed, one that leads out is refused by name", async () => {
    const { render } = start();
    const files = (target: string): Files => ({
      "x/kustomization.yaml": "resources: [linked.yaml]\n",
      "x/linked.yaml": { mode: "symlink", content: target },
      "y/real.yaml": configMap("real"),
    });
    expect((await render(files("../y/real.yaml"), from("x"))).objects).toHaveLength(1);
    for (const target of ["/etc/passwd", "../../etc/passwd", "none.yaml"]) {
      const refused = await problem(render(files(target), from("x")));
      expect([refused.code, refused.message]).toEqual([
        "InvalidManifest",
        expect.stringContaining("x/linked.yaml is a symlink to"),
      ]);
    }
  });

  test("a patch that is written in place is not taken for a path", async () => {
    const patch = configMap("a", 'data:\n  up: "../../../../x"\n  back: "a\\\\b"\n');
    const kustomization = `resources: [a.yaml]\npatches:\n- patch: |\n${patch.replace(/^/gm, "    ")}\n`;
    const files = { "x/kustomization.yaml": kustomization, "x/a.yaml": configMap("a") };
    const { objects } = await start().render(files, from("x"));
    expect(objects[0]?.object.data).toEqual({ up: "../../../../x", back: "a\\b" });
  });
});

describe("Helm", () => {
  const chart: Record<string, string> = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "who: chart\n",
    "charts/web/templates/a.yaml": `${configMap("{{ .Release.Name }}")}data: {who: {{ .Values.who }}, kube: {{ .Capabilities.KubeVersion.Version }}}\n`,
    "env/prod.yaml": "who: prod\n",
    "env/dev.yaml": "who: dev\n",
  };
  const dataOf = async (set: ReturnType<Renderer["render"]>) => (await set).objects[0]?.object.data;

  test("what a chart reads, and the options it was given, are its inputs", async () => {
    const { render, rendered } = start();
    const prod = from("charts/web", { helm: { valueFiles: ["../../env/prod.yaml"] } });
    expect(await dataOf(render(chart, prod))).toEqual({ who: "prod", kube: "v1.36.3" });
    expect(rendered()).toBe(1);
    await render({ ...chart, "env/dev.yaml": "who: x\n", README: "" }, prod);
    expect(rendered()).toBe(0);
    expect(await dataOf(render({ ...chart, "env/prod.yaml": "who: x\n" }, prod))).toMatchObject({
      who: "x",
    });
    const more = { ...chart, "charts/web/templates/b.yaml": configMap("b") };
    expect((await render(more, prod)).objects).toHaveLength(2);
    const values = from("charts/web", { helm: { ...prod.helm, values: { who: "values" } } });
    expect(await dataOf(render(chart, values))).toMatchObject({ who: "values" });
    expect(rendered()).toBe(3);
  });

  test("a value file that is missing may be, and is read when it is there", async () => {
    const { render, rendered } = start();
    const helm = { valueFiles: ["/env/new.yaml"] };
    expect((await problem(render(chart, from("charts/web", { helm })))).message).toContain(
      "env/new.yaml",
    );
    const source = from("charts/web", { helm: { ...helm, ignoreMissingValueFiles: true } });
    expect(await dataOf(render(chart, source))).toMatchObject({ who: "chart" });
    rendered();
    const later = { ...chart, "env/new.yaml": "who: new\n" };
    expect(await dataOf(render(later, source))).toMatchObject({ who: "new" });
    expect(rendered()).toBe(1);
  });

  test("hooks are marked", async () => {
    const hook = configMap("h").replace(
      "name: h",
      'name: h\n  annotations: {"helm.sh/hook": "pre-install,post-upgrade"}',
    );
    const { objects } = await start().render(
      { ...chart, "charts/web/templates/h.yaml": hook },
      from("charts/web"),
    );
    const hooks = new Map(objects.map(({ object, hook }) => [object.metadata.name, hook]));
    expect([hooks.get("h"), hooks.get("web")]).toEqual(["pre-install,post-upgrade", undefined]);
  });

  test("random values are the same after a restart, and others for another application", async () => {
    const files = {
      ...chart,
      "charts/web/templates/a.yaml": `${configMap("a")}data: {p: {{ randAlphaNum 20 }}, u: {{ uuidv4 }}}\n`,
    };
    const render = async (seed: string, name: string) => {
      const source = from("charts/web", { seed: Buffer.from(seed), key: name });
      const set = await start().render(files, source);
      return { data: set.objects[0]?.object.data, inputs: set.inputs };
    };
    const one = await render("one", "shop/one");
    expect(await render("one", "shop/one")).toEqual(one);
    const two = await render("two", "shop/two");
    expect(two.data).not.toEqual(one.data);
    expect(two.inputs).not.toBe(one.inputs);
  });

  test("what looks at the clock is rendered anew for a commit of another time alone", async () => {
    const { render, rendered } = start();
    const files = {
      ...chart,
      "charts/web/templates/a.yaml": `${configMap("a")}data: {t: {{ now | date "2006-01-02T15:04" | quote }}}\n`,
    };
    const at = (time: string, more: Record<string, string> = {}) => {
      const snapshot = new MemorySnapshot({ ...files, ...more });
      snapshot.commit.time = time;
      return snapshot;
    };
    const source = from("charts/web");
    expect(await dataOf(render(at("2024-05-06T07:08:09Z"), source))).toEqual({
      t: "2024-05-06T07:08",
    });
    await render(at("2024-05-06T07:08:09Z", { README: "" }), source);
    expect(rendered()).toBe(1);
    expect(await dataOf(render(at("2025-05-06T07:08:09Z"), source))).toEqual({
      t: "2025-05-06T07:08",
    });
    expect(rendered()).toBe(1);
  });
});
