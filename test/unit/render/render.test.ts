import { afterEach, describe, expect, test } from "vitest";
import {
  createRenderer,
  type RenderCost,
  type Renderer,
  type RendererOptions,
} from "../../../src/render/render.ts";
import { from } from "./from.ts";
import { MemorySnapshot } from "./memory-snapshot.ts";
import { problem } from "./problem.ts";

const renderers: Renderer[] = [];
function renderer(o: Partial<RendererOptions> = {}): Renderer {
  const made = createRenderer({ workers: 0, cacheBytes: 1 << 20, deadlineMs: 5000, ...o });
  renderers.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(renderers.splice(0).map((made) => made.close()));
});

const configMap = (name: string, more = "") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;

async function render(files: Record<string, unknown>, path = "", o: Partial<RendererOptions> = {}) {
  const set = await renderer(o).render(new MemorySnapshot(files as never), from(path));
  return set.objects.map(
    ({ object, origin }) => `${object.kind} ${object.metadata.name} ${origin}`,
  );
}

describe("which files are manifests", () => {
  test("all yaml, yml and json below the path, sorted, with their lines", async () => {
    expect(
      await render(
        {
          "deploy/b.yml": configMap("b"),
          "deploy/a.yaml": `# why\n\n${configMap("a1")}---\n# nothing\n---\n${configMap("a2")}...\n`,
          "deploy/sub/c.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
          "deploy/README.md": "no",
          "deploy/run.sh": "no",
          "deploy/.hidden.yaml": "no: [",
          "deploy/.git-hooks/x.yaml": "no: [",
          "other/d.yaml": configMap("d"),
        },
        "deploy",
      ),
    ).toEqual([
      "ConfigMap a1 deploy/a.yaml:3",
      "ConfigMap a2 deploy/a.yaml:10",
      "ConfigMap b deploy/b.yml:1",
      "ConfigMap c deploy/sub/c.json:1",
    ]);
  });

  test("a hidden directory that the path names is taken", async () => {
    expect(await render({ ".deploy/a.yaml": configMap("a") }, ".deploy")).toHaveLength(1);
  });

  test("a directory without manifests wants nothing, a missing one is a Problem", async () => {
    expect(await render({ "x/README.md": "" }, "x")).toEqual([]);
    expect((await problem(render({ "x/y": "" }, "z"))).code).toBe("PathNotFound");
  });

  test.each([
    ["x/base/kustomization.yml", "a kustomization"],
    ["x/base/Kustomization", "a kustomization"],
    ["x/charts/web/Chart.yaml", "a Helm chart"],
  ])("%s below is refused as what it is, and what to do is said", async (path, what) => {
    const refused = await problem(render({ [path]: configMap("a"), "x/a.yaml": "" }, "x"));
    expect([refused.code, refused.message]).toEqual([
      "InvalidSpec",
      expect.stringContaining(`${path} makes its directory ${what}`),
    ]);
    expect(refused.message).toContain("set spec.source.directory to take all files as they are");
  });

  test("asked for as plain manifests, a directory gives all that kustomizations and charts are not", async () => {
    const snapshot = new MemorySnapshot({
      "x/kustomization.yaml": "resources: [a.yaml]",
      "x/a.yaml": configMap("a"),
      "x/charts/web/Chart.yaml": "name: web",
      "x/charts/web/b.yaml": configMap("b"),
    });
    const { tool, objects } = await renderer().render(snapshot, from("x", { tool: "directory" }));
    expect(tool).toBe("directory");
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(["a", "b"]);
  });

  test.each(["symlink", "submodule"] as const)("a %s is refused by name", async (mode) => {
    const refused = await problem(render({ "a.yaml": configMap("a"), "link/it": { mode } }));
    expect([refused.code, refused.message]).toEqual([
      "Unsupported",
      expect.stringContaining("link/it"),
    ]);
  });
});

describe("what is in a file", () => {
  test("Lists are flattened, also in Lists, each object with its line", async () => {
    const list = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: a}
  - apiVersion: v1
    kind: ConfigMapList
    items:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: c}
---
{apiVersion: v1, kind: List, items: []}
---
{apiVersion: v1, kind: SecretList, items: null}
---
{apiVersion: example.com/v1, kind: AllowList, metadata: {name: d}, spec: {items: [1]}}
`;
    expect(await render({ "l.yaml": list })).toEqual([
      "ConfigMap a l.yaml:4",
      "ConfigMap b l.yaml:7",
      "ConfigMap c l.yaml:11",
      "AllowList d l.yaml:19",
    ]);
  });

  test.each([
    ["no kind", "apiVersion: v1\nmetadata: {name: a}\n", "f.yaml:1: the document has no kind"],
    [
      "no apiVersion",
      "\nkind: Pod\nmetadata: {name: a}\n",
      "f.yaml:2: the document has no apiVersion",
    ],
    ["neither", "image: {tag: x}\n", "every document must be a Kubernetes object"],
    ["no metadata", "apiVersion: v1\nkind: Pod\n", "Pod has no metadata.name"],
    ["no name", "apiVersion: v1\nkind: Pod\nmetadata: {}\n", "Pod has no metadata.name"],
    ["an empty name", "apiVersion: v1\nkind: Pod\nmetadata: {name: ''}\n", "no metadata.name"],
    [
      "generateName",
      "apiVersion: v1\nkind: Job\nmetadata: {generateName: a-}\n",
      "generateName but no name",
    ],
    [
      "a name that is a number",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: 123}\n",
      "put it in quotes",
    ],
    [
      "a namespace that is a boolean",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: on}\n",
      "namespace is not a string",
    ],
    [
      "labels that are a list",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: [x]}\n",
      "labels is not a map",
    ],
    ["a list as document", "- a\n", "not a map"],
    ["a text as document", "just text\n", "not a map"],
    [
      "an object in a List",
      "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n",
      "f.yaml:4: the document has no apiVersion",
    ],
    [
      "stringData that is a number",
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {pin: 12345678}\n",
      "Secret a: stringData.pin must be a string",
    ],
  ])("%s is InvalidManifest and says where", async (_, text, message) => {
    const refused = await problem(render({ "f.yaml": text }));
    expect([refused.code, refused.message]).toEqual([
      "InvalidManifest",
      expect.stringContaining(message),
    ]);
    expect(refused.message).not.toContain("12345678");
  });

  test("broken YAML names file, line, column and fault; nothing of the render survives", async () => {
    const refused = await problem(
      render({ "a.yaml": configMap("a"), "b.yaml": `${configMap("b")}data:\n  x: "1"\n y: 2\n` }),
    );
    expect([refused.code, refused.message]).toEqual([
      "InvalidManifest",
      expect.stringMatching(/^b\.yaml:7:\d+: .*indentation/),
    ]);
  });

  test("of many broken files the first are named and the rest counted", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`f${i}.yaml`, `a: [${i}`]),
    );
    const { message } = await problem(render({ ...files, "ok.yaml": configMap("a") }));
    for (const name of ["f0.yaml", "f1.yaml", "f2.yaml", "and 6 more files"]) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain("f3.yaml");
  });

  test("what SOPS encrypted is refused, never applied", async () => {
    const text = `${configMap("a", "data: {x: 'ENC[AES256_GCM,data:x]'}\n")}sops: {mac: x, version: 3.9.0}\n`;
    expect((await problem(render({ "a.yaml": text }))).code).toBe("Unsupported");
  });

  test("a file that is not UTF-8 is refused", async () => {
    const refused = await problem(render({ "a.yaml": Buffer.from([0x61, 0xff, 0xfe]) }));
    expect([refused.code, refused.message]).toEqual([
      "InvalidManifest",
      expect.stringContaining("a.yaml: the file is not UTF-8"),
    ]);
  });
});

describe("hostile files are refused within bounds", () => {
  const bomb = `a: &a [${Array(10).fill("x").join()}]\n${["b", "c", "d", "e", "f", "g", "h", "i"]
    .map((key, i) => `${key}: &${key} [${Array(10).fill(`*${"abcdefgh"[i]}`).join()}]\n`)
    .join("")}`;
  const mergeBomb = `a: &a {x: 1, y: 2}\n${Array.from({ length: 22 }, (_, i) => `k${i}: &k${i}\n  l: {<<: *${i === 0 ? "a" : `k${i - 1}`}}\n  r: *${i === 0 ? "a" : `k${i - 1}`}\n`).join("")}`;
  test.each([
    ["an alias bomb", configMap("a", bomb), /aliases expand/],
    ["a merge bomb", configMap("a", mergeBomb), /aliases expand|merged/],
    ["deep nesting of brackets", `${"[".repeat(10_000)}`, /maxDepth/],
    [
      "deep nesting of blocks",
      Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /maxDepth/,
    ],
    [
      "deep nesting by aliases",
      `a0: &a0 [x]\n${Array.from({ length: 20_000 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`).join("")}`,
      /aliases expand|nested/,
    ],
    ["too many documents", "---\na: 1\n".repeat(10_001), /documents/],
    ["too large a file", `# ${"x".repeat(17 * 1024 * 1024)}`, /bytes/],
    [
      "too many objects",
      configMap("a", "---\n").repeat(120),
      /objects/,
      { limits: { objects: 100 } },
    ],
  ] as [string, string, RegExp, Partial<RendererOptions>?][])(
    "%s",
    async (_, text, why, o = {}) => {
      const refused = await problem(render({ "ok.yaml": configMap("a"), "f.yaml": text }, "", o));
      expect([refused.code, refused.message]).toEqual([
        "LimitExceeded",
        expect.stringMatching(why),
      ]);
      expect(refused.message).toContain("f.yaml");
    },
  );

  test("too many files", async () => {
    const files = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i}.yaml`, ""]));
    expect((await problem(render(files, "", { limits: { files: 10 } }))).code).toBe(
      "LimitExceeded",
    );
  });

  test("an anchor that contains itself", async () => {
    expect(
      (await problem(render({ "a.yaml": configMap("a", "data: &x {a: *x}\n") }))).message,
    ).toContain("contains itself");
  });
});

describe("nothing is done twice", () => {
  test("equal content is parsed once, whatever it is called", async () => {
    const costs: RenderCost[] = [];
    const made = renderer({ observe: (cost) => void costs.push(cost) });
    const first = new MemorySnapshot({ "x/a.yaml": configMap("a"), "x/b.yaml": configMap("b") });
    const second = new MemorySnapshot({ "y/c.yaml": configMap("a"), "y/b.yaml": configMap("c") });
    await made.render(first, from("x"));
    const set = await made.render(second, from("y"));
    expect(set.objects.map(({ origin }) => origin)).toEqual(["y/b.yaml:1", "y/c.yaml:1"]);
    expect(second.reads.flat()).toHaveLength(1);
    expect(costs.map(({ parsed, result }) => [parsed, result])).toEqual([
      [2, "ok"],
      [1, "ok"],
    ]);
  });

  test("a new revision with the same files reads and parses nothing", async () => {
    const costs: RenderCost[] = [];
    const made = renderer({ observe: (cost) => void costs.push(cost) });
    const files = { "x/a.yaml": configMap("a") };
    const one = await made.render(new MemorySnapshot(files, "main@sha1:1"), from("x"));
    const later = new MemorySnapshot({ ...files, "other.yaml": "x" }, "main@sha1:2");
    const two = await made.render(later, from("x"));
    expect(two.revision).toBe("main@sha1:2");
    expect([two.inputs, two.objects]).toEqual([one.inputs, one.objects]);
    expect(later.reads).toEqual([]);
    expect(costs.at(-1)).toMatchObject({ work: "unchanged", parsed: 0 });
  });

  test("inputs change with content, name and number of files", async () => {
    const made = renderer();
    const inputs = async (files: Record<string, string>) =>
      (await made.render(new MemorySnapshot(files), from(""))).inputs;
    const digests = [
      await inputs({ "a.yaml": configMap("a") }),
      await inputs({ "a.yaml": configMap("b") }),
      await inputs({ "b.yaml": configMap("a") }),
      await inputs({ "a.yaml": configMap("a"), "b.yaml": "" }),
    ];
    expect(new Set(digests).size).toBe(4);
    expect(await inputs({ "a.yaml": configMap("a"), "c.md": "" })).toBe(digests[0]);
  });

  test("concurrent renders of one content parse it once", async () => {
    const costs: RenderCost[] = [];
    const made = renderer({ workers: 1, observe: (cost) => void costs.push(cost) });
    const text = configMap("a", `data: {x: ${"y".repeat(20_000)}}\n`);
    const snapshots = Array.from(
      { length: 5 },
      (_, i) => new MemorySnapshot({ [`${i}.yaml`]: text }),
    );
    const sets = await Promise.all(snapshots.map((snapshot) => made.render(snapshot, from(""))));
    expect(sets.map(({ objects }) => objects.length)).toEqual([1, 1, 1, 1, 1]);
    expect(costs.reduce((sum, { parsed }) => sum + parsed, 0)).toBe(1);
  });

  test("a failure is remembered with its files, not repeated", async () => {
    const made = renderer();
    const snapshot = new MemorySnapshot({ "a.yaml": "a: [" });
    const first = await problem(made.render(snapshot, from("")));
    expect((await problem(made.render(snapshot, from("")))).message).toBe(first.message);
    expect(snapshot.reads).toHaveLength(1);
  });

  test("without room in the cache everything still renders", async () => {
    expect(
      await render({ "a.yaml": configMap("a"), "b.yaml": configMap("b") }, "", { cacheBytes: 0 }),
    ).toHaveLength(2);
  });
});

describe("in worker threads", () => {
  const large = (name: string) => configMap(name, `data: {x: "${"y".repeat(20_000)}"}\n`);

  test("the same objects come out", async () => {
    const files = {
      "a.yaml": large("a"),
      "b.yaml": `${large("b")}---\n${configMap("c", "data: {i: 9007199254740993}\n")}`,
    };
    const here = await renderer().render(new MemorySnapshot(files), from(""));
    const there = await renderer({ workers: 2 }).render(new MemorySnapshot(files), from(""));
    expect(JSON.stringify(there)).toBe(JSON.stringify(here));
    expect(JSON.stringify(there.objects[2]?.object)).toContain("9007199254740993");
  });

  test("a file that takes too long costs its own render, the others go on", async () => {
    const made = renderer({ workers: 1, deadlineMs: 2000 });
    const endless = `x:\n${"- {a: b, c: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n".repeat(380_000)}`;
    const hostile = made.render(new MemorySnapshot({ "hostile.yaml": endless }), from(""));
    const fine = made.render(new MemorySnapshot({ "fine.yaml": large("a") }), from(""));
    const refused = await problem(hostile);
    expect([refused.code, refused.message]).toEqual([
      "LimitExceeded",
      expect.stringContaining("hostile.yaml: parsing takes longer than 2 s"),
    ]);
    expect((await fine).objects).toHaveLength(1);
  });

  test("an aborted render rejects with the reason", async () => {
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    await expect(
      renderer().render(new MemorySnapshot({ "a.yaml": "" }), from(""), stop.signal),
    ).rejects.toThrow("stopped");
  });
});

describe("an object", () => {
  test.each([
    ["metadata.name", `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${"n".repeat(2_000)}}`],
    ["kind", `apiVersion: v1\nkind: ${"k".repeat(2_000)}\nmetadata: {name: a}`],
  ])("of too long a %s is refused in few words", async (field, manifest) => {
    const snapshot = new MemorySnapshot({ "a.yaml": manifest } as never);
    const { message } = await problem(renderer().render(snapshot, from("")));
    expect(message).toContain(`a.yaml:1: an object's ${field} has more than 1024 characters`);
    expect(message.length).toBeLessThan(300);
  });

  test("larger than any request may be is refused", async () => {
    const manifest = `${configMap("a")}data: {a: ${"x".repeat(4 << 20)}}\n`;
    const refused = await problem(
      renderer().render(new MemorySnapshot({ "a.yaml": manifest } as never), from("")),
    );
    expect(refused.code).toBe("LimitExceeded");
    expect(refused.message).toMatch(/^a.yaml:1: ConfigMap a has \d+ characters/);
  });
});

describe("what a render will read", () => {
  test("is known before it, without what is parsed already", async () => {
    const one = renderer();
    const snapshot = new MemorySnapshot({
      "deploy/a.yaml": configMap("a"),
      "deploy/README.md": "no",
      "other/b.yaml": configMap("b"),
    } as never);
    const [manifest] = (await snapshot.list("deploy")).filter(({ path }) => path.endsWith("yaml"));
    expect(await one.blobs(snapshot, from("deploy"))).toEqual([manifest?.blob]);
    await one.render(snapshot, from("deploy"));
    expect(await one.blobs(snapshot, from("deploy"))).toEqual([]);
  });

  test("is nothing of what cannot be rendered", async () => {
    const snapshot = new MemorySnapshot({ "Chart.yaml": "name: x" } as never);
    expect((await problem(renderer().blobs(snapshot, from("")) as Promise<unknown>)).code).toBe(
      "Unsupported",
    );
  });
});
