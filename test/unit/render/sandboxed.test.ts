import { afterEach, describe, expect, test } from "vitest";
import { Problem } from "../../../src/model/problem.ts";
import { createRenderer, type RenderCost, type Renderer } from "../../../src/render/render.ts";
import { from } from "./from.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";
import { problem } from "./problem.ts";
import { configMap, miniKustomize, type Script, ScriptedSandbox } from "./scripted-sandbox.ts";

const renderers: Renderer[] = [];
afterEach(async () => {
  await Promise.all(renderers.splice(0).map((made) => made.close()));
});

function start(script: Script, o: { cacheBytes?: number; version?: string } = {}) {
  const costs: RenderCost[] = [];
  const sandbox = new ScriptedSandbox(script);
  const renderer = createRenderer({
    workers: 0,
    cacheBytes: o.cacheBytes ?? 1 << 20,
    deadlineMs: 5000,
    sandbox: { runs: sandbox, versionOf: async () => o.version ?? "1" },
    observe: (cost) => void costs.push(cost),
  });
  renderers.push(renderer);
  return { renderer, sandbox, costs };
}

const monorepo: Record<string, string> = {
  "README.md": "hello",
  "base/kustomization.yaml": "web.yaml\n",
  "base/web.yaml": "the base",
};
for (let i = 0; i < 10; i++) {
  monorepo[`apps/${i}/kustomization.yaml`] = i < 6 ? "own.yaml\n../../base\n" : "own.yaml\n";
  monorepo[`apps/${i}/own.yaml`] = `app ${i}`;
}
const apps = Array.from({ length: 10 }, (_, i) => `apps/${i}`);

describe("in a monorepo", () => {
  async function pushed(change: Record<string, string>) {
    const { renderer, costs } = start(miniKustomize);
    const render = (snapshot: MemorySnapshot) =>
      Promise.all(apps.map((path) => renderer.render(snapshot, from(path, { key: path }))));
    const before = await render(new MemorySnapshot(monorepo, "main@sha1:1"));
    costs.length = 0;
    const snapshot = new MemorySnapshot({ ...monorepo, ...change }, "main@sha1:2");
    const after = await render(snapshot);
    const rendered = costs.filter(({ work }) => work === "rendered").length;
    return { before, after, costs, rendered, fetched: snapshot.reads.flat().length };
  }

  test("a changed README renders nothing and fetches nothing", async () => {
    const { before, after, rendered, fetched } = await pushed({ "README.md": "changed" });
    expect([rendered, fetched]).toEqual([0, 0]);
    expect(after.map(({ inputs }) => inputs)).toEqual(before.map(({ inputs }) => inputs));
    expect(after.map(({ objects }) => objects)).toEqual(before.map(({ objects }) => objects));
    expect(new Set(after.map(({ revision }) => revision))).toEqual(new Set(["main@sha1:2"]));
  });

  test("a changed base renders its users alone", async () => {
    const { before, after, rendered } = await pushed({ "base/web.yaml": "changed" });
    expect(rendered).toBe(6);
    after.forEach((set, i) => {
      expect(set.inputs === before[i]?.inputs).toBe(i >= 6);
    });
    expect(after[0]?.objects[1]?.object).toMatchObject({ data: { text: "changed" } });
  });

  test("an application's own file renders that one", async () => {
    expect((await pushed({ "apps/3/own.yaml": "changed" })).rendered).toBe(1);
  });

  test("a file that nobody asked for renders nothing, though it lies beside the others", async () => {
    expect((await pushed({ "apps/3/notes.yaml": "new" })).rendered).toBe(0);
  });

  test("a file that appears where one was looked for in vain renders anew", async () => {
    const { renderer, costs } = start(async (files) => [
      configMap("a", (await files.read("x/optional/values.yaml")) ?? "none"),
    ]);
    const files = { "x/kustomization.yaml": "", "x/b": "" };
    const texts: unknown[] = [];
    for (const more of [{}, { y: "1" }, { "x/optional/values.yaml": "here" }, {}]) {
      const { objects } = await renderer.render(
        new MemorySnapshot({ ...files, ...more }),
        from("x"),
      );
      texts.push((objects[0]?.object.data as { text: string } | undefined)?.text);
    }
    expect(texts).toEqual(["none", "none", "here", "none"]);
    expect(costs.map(({ work }) => work === "rendered")).toEqual([true, false, true, false]);
  });

  test("a directory that was listed counts by its names, not by what is in its files", async () => {
    const { renderer, costs } = start(async (files) => [
      configMap("a", String(await files.list("x/dir"))),
    ]);
    const files = { "x/Chart.yaml": "", "x/dir/a": "1", "x/dir/b/c": "1" };
    for (const changed of [
      files,
      { ...files, "x/dir/a": "2", "x/dir/b/c": "2", "x/dir/b/d": "2" },
      { ...files, "x/dir/e": "1" },
    ]) {
      await renderer.render(new MemorySnapshot(changed), from("x"));
    }
    expect(costs.map(({ work }) => work)).toEqual(["rendered", "unchanged", "rendered"]);
  });
});

describe("the same inputs", () => {
  const chart = { "x/Chart.yaml": "name: x" };
  const options: Script = async (_, { request }) => [configMap("a", JSON.stringify(request))];

  test("are all options of a chart; a kustomization has none", async () => {
    const variations: Parameters<typeof from>[1][] = [
      {},
      { releaseName: "other" },
      { namespace: "other" },
      { capabilities: { kubeVersion: "v1.35.0", apiVersions: ["v1", "apps/v1"] } },
      { capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1"] } },
      { helm: { values: { a: 1 } } },
      { helm: { parameters: [{ name: "a", value: "1" }] } },
      { helm: { parameters: [{ name: "a", value: "1", forceString: true }] } },
      { helm: { valueFiles: ["a.yaml"] } },
      { helm: { skipCrds: true } },
    ];
    const helm = start(options);
    for (const more of variations) {
      await helm.renderer.render(new MemorySnapshot(chart), from("x", more));
      await helm.renderer.render(new MemorySnapshot(chart), from("x", more));
    }
    expect(helm.sandbox.runs).toHaveLength(variations.length);
    const kustomize = start(options);
    for (const more of variations)
      await kustomize.renderer.render(
        new MemorySnapshot({ "x/kustomization.yaml": "" }),
        from("x", more),
      );
    expect(kustomize.sandbox.runs).toHaveLength(1);
  });

  test("are the same whatever order the cluster's APIs are told in", async () => {
    const { renderer, sandbox } = start(options);
    for (const apiVersions of [
      ["v1", "apps/v1"],
      ["apps/v1", "v1"],
    ]) {
      const capabilities = { kubeVersion: "v1.36.3", apiVersions };
      await renderer.render(new MemorySnapshot(chart), from("x", { capabilities }));
    }
    expect(sandbox.runs).toHaveLength(1);
    expect(sandbox.runs[0]?.request).toMatchObject({ apiVersions: ["apps/v1", "v1"] });
  });

  test.each([
    ["random numbers", "random", 2],
    ["the clock", "clock", 2],
    ["neither", undefined, 1],
  ] as const)("another seed or time counts for what depends on %s", async (_, what, runs) => {
    const { renderer, sandbox } = start(async (files, { seed, clock }) => {
      if (what !== undefined) files.dependsOn[what] = true;
      return [configMap("a", `${Buffer.from(seed)} ${clock.toISOString()}`)];
    });
    const first = new MemorySnapshot(chart);
    const second = new MemorySnapshot(chart);
    if (what === "clock") second.commit.time = "2025-02-03T04:05:06Z";
    const seed = Buffer.from(what === "random" ? "another" : "seed of shop/web");
    const one = await renderer.render(first, from("x"));
    const two = await renderer.render(second, from("x", { seed }));
    const again = await renderer.render(first, from("x"));
    expect(sandbox.runs).toHaveLength(runs);
    expect(two.inputs === one.inputs).toBe(runs === 1);
    expect([again.inputs, again.objects]).toEqual([one.inputs, one.objects]);
  });

  test("wanted twice at once are rendered once", async () => {
    const { renderer, sandbox, costs } = start(async () => [configMap("a", "b")]);
    const snapshot = new MemorySnapshot(chart);
    const sets = await Promise.all(
      Array.from({ length: 5 }, (_, i) => renderer.render(snapshot, from("x", { key: `${i}` }))),
    );
    expect(sandbox.runs).toHaveLength(1);
    expect(new Set(sets.map(({ objects }) => objects)).size).toBe(1);
    expect(costs.filter(({ work }) => work === "rendered")).toHaveLength(1);
  });

  test("of two revisions at once are rendered once when nothing of them changed", async () => {
    const { renderer, sandbox } = start(miniKustomize);
    const files = { "x/kustomization.yaml": "a\n", "x/a": "1" };
    const snapshots = [files, { ...files, README: "1" }, { ...files, "x/a": "2" }].map(
      (changed) => new MemorySnapshot(changed),
    );
    snapshots.forEach((snapshot, i) => {
      snapshot.commit.id = `${i}`.repeat(40);
    });
    const [one, two, three] = await Promise.all(
      snapshots.map((snapshot) => renderer.render(snapshot, from("x"))),
    );
    expect(sandbox.runs).toHaveLength(2);
    expect(two?.inputs).toBe(one?.inputs);
    expect(three?.inputs).not.toBe(one?.inputs);
  });

  test("of another tenant are neither waited for, nor learnt from, nor in the way", async () => {
    let loops = true;
    let come = () => {};
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    const { renderer, sandbox } = start(async (files, { key }) => {
      if (key === "mallory/loop" && loops) await coming;
      for (let n = 0; key === "mallory/many" && n < 100; n++) await files.stat(`x/${n}`);
      return miniKustomize(files, { request: { path: "x" } } as Parameters<Script>[1]);
    });
    const mallory = (key: string) => from("x", { key: `mallory/${key}`, scope: "mallory" });
    const files = { "x/kustomization.yaml": "a\n", "x/a": "1" };
    const loop = renderer.render(new MemorySnapshot({ ...files, b: "" }), mallory("loop"));
    await renderer.render(new MemorySnapshot(files), from("x"));
    loops = false;
    come();
    await loop;
    for (let n = 0; n < 20; n++)
      await renderer.render(new MemorySnapshot({ ...files, "x/a": `${n + 2}` }), mallory("many"));
    expect(
      await renderer.blobs(new MemorySnapshot({ ...files, "x/a": "new" }), from("x")),
    ).toHaveLength(2);
    const before = sandbox.runs.length;
    await renderer.render(new MemorySnapshot(files), from("x"));
    expect(sandbox.runs).toHaveLength(before);
  });

  test("of which one gives up are rendered for the other", async () => {
    const stop = new AbortController();
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let proceed = () => {};
    const allowed = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const { renderer } = start(async (files) => {
      begun();
      await allowed;
      return [configMap("a", String(await files.read("x/Chart.yaml")))];
    });
    const snapshot = new MemorySnapshot(chart);
    const first = renderer.render(snapshot, from("x"), stop.signal);
    const second = renderer.render(snapshot, from("x"));
    await running;
    stop.abort(new Error("given up"));
    proceed();
    await expect(first).rejects.toThrow("given up");
    expect((await second).objects).toHaveLength(1);
  });

  test("are rendered anew by another build of the renderer", async () => {
    const snapshot = new MemorySnapshot(chart);
    const inputs: string[] = [];
    for (const version of ["1", "2"]) {
      const { renderer } = start(options, { version });
      inputs.push((await renderer.render(snapshot, from("x"))).inputs);
    }
    expect(inputs[0]).not.toBe(inputs[1]);
  });

  test("render anew when there is no room to keep them", async () => {
    const { renderer, sandbox } = start(options, { cacheBytes: 0 });
    const snapshot = new MemorySnapshot(chart);
    const [one, two] = [
      await renderer.render(snapshot, from("x")),
      await renderer.render(snapshot, from("x")),
    ];
    expect(sandbox.runs).toHaveLength(2);
    expect([two.inputs, two.objects]).toEqual([one.inputs, one.objects]);
  });

  test("of many directories are kept as long as there is room, those used last", async () => {
    const { renderer, sandbox } = start(async () => [configMap("a", "x".repeat(1000))], {
      cacheBytes: 40_000,
    });
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${i}/kustomization.yaml`, ""]),
    );
    const snapshot = new MemorySnapshot(files);
    const render = (i: number) => renderer.render(snapshot, from(`${i}`));
    for (let i = 0; i < 30; i++) {
      await render(i);
      await render(0);
    }
    expect(sandbox.runs).toHaveLength(30);
    await render(1);
    expect(sandbox.runs).toHaveLength(31);
  });
});

describe("a failure", () => {
  const files = { "x/Chart.yaml": "bad" };
  const failing = (code: "InvalidManifest" | "LimitExceeded" | "SourceUnreachable") =>
    start(async (given) => {
      throw new Problem(code, `x/Chart.yaml: ${await given.read("x/Chart.yaml")}`);
    });

  test("is the same for the same files, and tried anew when one of them changed", async () => {
    const { renderer, sandbox, costs } = failing("InvalidManifest");
    const first = await problem(renderer.render(new MemorySnapshot(files), from("x")));
    const later = new MemorySnapshot({ ...files, README: "" });
    expect((await problem(renderer.render(later, from("x")))).message).toBe(first.message);
    expect(sandbox.runs).toHaveLength(1);
    await problem(renderer.render(new MemorySnapshot({ "x/Chart.yaml": "worse" }), from("x")));
    expect(sandbox.runs).toHaveLength(2);
    expect(costs.map(({ result }) => result)).toEqual(Array(3).fill("InvalidManifest"));
  });

  test.each(["LimitExceeded", "SourceUnreachable"] as const)(
    "%s is looked at again",
    async (code) => {
      const { renderer, sandbox } = failing(code);
      for (let i = 0; i < 2; i++)
        await problem(renderer.render(new MemorySnapshot(files), from("x")));
      expect(sandbox.runs).toHaveLength(2);
    },
  );
});

describe("what comes out", () => {
  test("has integers as they were written, and where each object comes from", async () => {
    const json = '{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"i":9007199254740993}';
    const { renderer, sandbox } = start(async () => []);
    sandbox.run = async () => ({
      objects: [{ json, origin: "x/templates/a.yaml" }],
      dependsOn: { random: false, clock: false },
    });
    const snapshot = new MemorySnapshot({ "x/Chart.yaml": "" });
    const { objects, tool } = await renderer.render(snapshot, from("x"));
    expect([JSON.stringify(objects[0]?.object), objects[0]?.origin, tool]).toEqual([
      json,
      "x/templates/a.yaml",
      "helm",
    ]);
  });

  test("is marked as a hook where a chart says so", async () => {
    const script: Script = async () => [
      configMap("a", "", { "helm.sh/hook": "pre-install,pre-upgrade" }),
      configMap("b", "", { other: "x" }),
    ];
    const hooks = async (file: string) =>
      (
        await start(script).renderer.render(new MemorySnapshot({ [file]: "" }), from("x"))
      ).objects.map(({ hook }) => hook);
    expect(await hooks("x/Chart.yaml")).toEqual(["pre-install,pre-upgrade", undefined]);
    expect(await hooks("x/kustomization.yaml")).toEqual([undefined, undefined]);
  });

  test("comes in turns with others: 10 MB of objects hold nobody up", async () => {
    const object = configMap("a", "x".repeat(10_000));
    const { renderer } = start(async () => Array(1000).fill(object));
    let turns = 0;
    let going = true;
    const others = (async () => {
      for (; going; turns++) await new Promise(setImmediate);
    })();
    const { objects } = await renderer.render(
      new MemorySnapshot({ "x/Chart.yaml": "" }),
      from("x"),
    );
    going = false;
    await others;
    expect(objects).toHaveLength(1000);
    expect(turns).toBeGreaterThan(3);
  });
});

describe("which tool renders a directory", () => {
  const tools = start(async () => []);
  test.each([
    [{ "x/kustomization.yaml": "" }, "kustomize"],
    [{ "x/kustomization.yml": "" }, "kustomize"],
    [{ "x/Kustomization": "", "x/Chart.yaml": "" }, "kustomize"],
    [{ "x/Chart.yaml": "", "x/templates/a.yaml": "" }, "helm"],
    [{ "x/README.md": "", "Chart.yaml": "" }, "directory"],
  ])("%j: %s", async (files, tool) => {
    const { renderer } = start(async () => []);
    const path = "./x/";
    expect((await renderer.render(new MemorySnapshot(files as never), from(path))).tool).toBe(tool);
  });

  test.each([
    ["kustomize", { "x/a.yaml": "" }, '"x" has no kustomization.yaml'],
    ["helm", { "x/kustomization.yaml": "" }, '"x" is no Helm chart: it has no Chart.yaml'],
    ["helm", { "y/Chart.yaml": "" }, "x"],
  ] as const)("%s is not forced on %j", async (tool, files, message) => {
    const { renderer } = start(async () => []);
    const refused = await problem(
      renderer.render(new MemorySnapshot(files as never), from("x", { tool })),
    );
    expect([refused.code, refused.message]).toEqual([
      "PathNotFound",
      expect.stringContaining(message),
    ]);
  });

  test("a chart waits until the cluster's capabilities are known, a kustomization does not", async () => {
    const source = from("x", { capabilities: { unknown: "discovery failed" } });
    const waits = await problem(
      tools.renderer.render(new MemorySnapshot({ "x/Chart.yaml": "" }), source),
    );
    expect([waits.retry, waits.message]).toEqual([
      "transient",
      expect.stringContaining("discovery failed"),
    ]);
    const { renderer } = start(async () => []);
    const snapshot = new MemorySnapshot({ "x/kustomization.yaml": "" });
    expect((await renderer.render(snapshot, source)).objects).toEqual([]);
  });

  test("value files are relative to the chart, or to the root with a leading slash", async () => {
    const { renderer, sandbox } = start(async () => []);
    const valueFiles = ["prod.yaml", "../shared/values.yaml", "/env/prod.yaml"];
    await renderer.render(
      new MemorySnapshot({ "charts/x/Chart.yaml": "" }),
      from("charts/x", { helm: { valueFiles } }),
    );
    expect(sandbox.runs[0]?.request).toMatchObject({
      path: "charts/x",
      valueFiles: ["charts/x/prod.yaml", "charts/shared/values.yaml", "env/prod.yaml"],
    });
  });

  test.each(["../../../etc/passwd", "https://example.com/values.yaml", "a\\b"])(
    "the value file %s is refused by name",
    async (file) => {
      const { renderer } = start(async () => []);
      const refused = await problem(
        renderer.render(
          new MemorySnapshot({ "charts/x/Chart.yaml": "" }),
          from("charts/x", { helm: { valueFiles: [file] } }),
        ),
      );
      expect([refused.code, refused.message]).toEqual([
        "InvalidSpec",
        expect.stringContaining(JSON.stringify(file)),
      ]);
    },
  );
});

describe("what a render will read", () => {
  test("is known before: of the last render, else of what lies around", async () => {
    const { renderer, sandbox } = start(miniKustomize);
    const files = {
      "web/base/kustomization.yaml": "a\n",
      "web/base/a": "1",
      "web/base/unused": "1",
      "web/overlays/prod/kustomization.yaml": "../../base\n",
      "far/away": "1",
    };
    const idsOf = async (snapshot: MemorySnapshot, paths: string[]) =>
      new Set(
        (await snapshot.list(""))
          .filter(({ path }) => paths.includes(path))
          .map(({ blob }) => blob),
      );
    const source = from("web/overlays/prod");
    const first = new MemorySnapshot(files);
    expect(new Set(await renderer.blobs(first, source))).toEqual(
      await idsOf(
        first,
        Object.keys(files).filter((path) => path.startsWith("web/")),
      ),
    );
    await renderer.render(first, source);
    expect([first.reads.length, sandbox.questions]).toEqual([1, []]);
    expect(await renderer.blobs(new MemorySnapshot({ ...files, README: "" }), source)).toEqual([]);
    const second = new MemorySnapshot({ ...files, "web/base/a": "changed" });
    expect(new Set(await renderer.blobs(second, source))).toEqual(
      await idsOf(second, [
        "web/base/kustomization.yaml",
        "web/base/a",
        "web/overlays/prod/kustomization.yaml",
      ]),
    );
    await renderer.render(second, source);
    expect([second.reads.length, sandbox.questions]).toEqual([1, []]);
  });
});
