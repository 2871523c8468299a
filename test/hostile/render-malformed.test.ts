import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart, configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import type { Change } from "../git/repository.ts";
import { type ArchiveEntry, archive } from "./archive.ts";
import { type Attack, type Attacked, settings, startAttacked } from "./attacked.ts";

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked?.stop());

const honest = {
  Chart: chart("deploy", { name: "web", templates: { "a.yaml": settings }, values: { v: 1 } }),
  kustomization: kustomization("deploy", { resources: ["a.yaml"] }, { "a.yaml": settings }),
};
const large = Buffer.alloc(50 * 1024 * 1024, "# a long line of comment\n");
const contents: Record<string, Uint8Array> = {
  "50 MB": large,
  "random bytes": randomBytes(10_000),
  "a NUL byte": Buffer.from("a: b\0c\n"),
  "nothing but NUL bytes": Buffer.alloc(1000),
  "UTF-16": Buffer.from("\ufeffname: web", "utf16le"),
  "bytes that are no UTF-8": Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe, 0xc0, 0x80, 0x0a]),
  "an archive": Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
};
const nothing: Record<string, Uint8Array> = {
  "no bytes": Buffer.alloc(0),
  "a list": Buffer.from("- a\n- b\n"),
  "a text": Buffer.from("hello\n"),
  "two documents": Buffer.from("a: 1\n---\nb: 2\n"),
};
const places = [
  { file: "deploy/Chart.yaml", of: honest.Chart, tool: "helm" },
  { file: "deploy/templates/a.yaml", of: honest.Chart, tool: "helm" },
  { file: "deploy/values.yaml", of: honest.Chart, tool: "helm" },
  { file: "deploy/kustomization.yaml", of: honest.kustomization, tool: "kustomize" },
  { file: "deploy/a.yaml", of: honest.kustomization, tool: "kustomize" },
] as const;

describe("what is no YAML is refused, naming the file", () => {
  const cases = places.flatMap((place) =>
    Object.entries(contents).map(([what, content]) => ({ ...place, what, content })),
  );
  test.each(cases)("$file is $what", async ({ file, of, tool, content }) => {
    const files: Record<string, Change> = { ...of, [file]: content };
    const problem = await attacked.refused({ name: file, files, tool });
    expect(["InvalidManifest", "LimitExceeded"]).toContain(problem.code);
    // kustomize names a resource as its kustomization does.
    expect(problem.message).toContain(file === "deploy/a.yaml" ? "a.yaml" : file);
    expect(problem.message).toContain("deploy/");
    expect(problem.message.length).toBeLessThan(4_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in it
    expect(problem.message).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  });
});

describe("archives of subcharts", () => {
  const manifest = {
    path: "sub/Chart.yaml",
    content: "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
  };
  const packed = (...entries: ArchiveEntry[]): Record<string, Change> => ({
    ...honest.Chart,
    "deploy/charts/sub-0.1.0.tgz": archive([manifest, ...entries]),
  });

  test("are unpacked", async () => {
    const template = configMapTemplate("of-sub", { v: "1" });
    const files = packed({ path: "sub/templates/a.yaml", content: template });
    const objects = await attacked.rendered({ name: "archive", files });
    expect(objects.map(({ object }) => object.metadata.name).sort()).toEqual([
      "of-sub",
      "settings",
    ]);
  });

  test.each<[string, ArchiveEntry[]]>([
    ["with a file of 300 MB", [{ path: "sub/a.txt", content: Buffer.alloc(300 * 1024 * 1024) }]],
    [
      "with a hundred files of 4 MB",
      Array.from({ length: 100 }, (_, n) => ({
        path: `sub/${n}.txt`,
        content: Buffer.alloc(4 * 1024 * 1024),
      })),
    ],
    ["with a path upwards", [{ path: "sub/../../../../etc/cron.d/x", content: "x" }]],
  ])("%s are refused, naming the chart", async (_what, entries) => {
    const problem = await attacked.refused({ name: "bomb", files: packed(...entries) });
    expect(["InvalidManifest", "LimitExceeded"]).toContain(problem.code);
    expect(problem.message).toContain("deploy");
  });

  test("a symlink in one leads nowhere", async () => {
    const files = packed(
      { path: "sub/data", target: attacked.canaryFile },
      {
        path: "sub/templates/a.yaml",
        content: configMapTemplate("of-sub", { v: '{{ .Files.Get "data" | quote }}' }),
      },
    );
    const attempt = await attacked.attempt({ name: "link", files });
    if ("objects" in attempt) expect(JSON.stringify(attempt.objects)).toContain('"v":""');
  });
});

describe("what is YAML and not what is meant", () => {
  test.each(Object.entries(nothing))("a Chart.yaml of %s", async (_what, content) => {
    const files = { ...honest.Chart, "deploy/Chart.yaml": content };
    const problem = await attacked.refused({ name: "chart", files, tool: "helm" });
    expect(problem.message).toContain("deploy/Chart.yaml");
  });

  test.each(Object.entries(nothing))("a kustomization.yaml of %s", async (_what, content) => {
    const files = { ...honest.kustomization, "deploy/kustomization.yaml": content };
    const problem = await attacked.refused({ name: "kustomization", files, tool: "kustomize" });
    expect(problem.message).toContain("deploy/kustomization.yaml");
  });

  const odd: (Attack & { says: string })[] = [
    {
      name: "a chart that renders a list",
      files: { ...honest.Chart, "deploy/templates/b.yaml": "- a\n- b\n" },
      says: "deploy/templates/b.yaml",
    },
    {
      name: "a chart that renders a text",
      files: { ...honest.Chart, "deploy/templates/b.yaml": "hello" },
      says: "deploy/templates/b.yaml",
    },
    {
      name: "an object without a kind",
      files: {
        ...honest.Chart,
        "deploy/templates/b.yaml": "apiVersion: v1\nmetadata: {name: a}\n",
      },
      says: "deploy/templates/b.yaml",
    },
    {
      name: "an object without a name",
      files: { ...honest.Chart, "deploy/templates/b.yaml": "apiVersion: v1\nkind: ConfigMap\n" },
      says: "deploy/templates/b.yaml",
    },
    {
      name: "an object whose name is a map",
      files: {
        ...honest.Chart,
        "deploy/templates/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {a: b}}\n",
      },
      says: "deploy/templates/b.yaml",
    },
    {
      name: "a kustomization that includes itself",
      files: kustomization("deploy", { resources: ["."] }),
      says: "deploy",
    },
    {
      name: "a kustomization that includes its own file",
      files: kustomization("deploy", { resources: ["kustomization.yaml"] }),
      says: "deploy",
    },
    {
      name: "kustomizations in a circle",
      files: {
        ...kustomization("deploy", { resources: ["../b"] }),
        ...kustomization("b", { resources: ["../c"] }),
        ...kustomization("c", { resources: ["../deploy"] }),
      },
      says: "deploy",
    },
    {
      name: "components in a circle",
      files: {
        ...kustomization("deploy", { components: ["../b"] }),
        "b/kustomization.yaml":
          "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../b]\n",
      },
      says: "b",
    },
    {
      name: "an unknown schema of the API",
      files: {
        ...kustomization("deploy", { resources: ["a.yaml"], openapi: { version: "v0.0.1" } }),
        "deploy/a.yaml": settings,
      },
      says: "deploy",
    },
    {
      name: "a schema of the API that is none",
      files: {
        ...kustomization("deploy", {
          resources: ["a.yaml"],
          openapi: { path: "s.json" },
          patches: [{ patch: settings }],
        }),
        "deploy/s.json": "[[[",
        "deploy/a.yaml": settings,
      },
      says: "schema",
    },
    {
      name: "a chart that wants another Kubernetes",
      files: {
        ...honest.Chart,
        "deploy/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: '>=99.0.0'\n",
      },
      says: "deploy/Chart.yaml",
    },
    {
      name: "a library chart",
      files: {
        ...honest.Chart,
        "deploy/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ntype: library\n",
      },
      says: "deploy/Chart.yaml",
    },
    {
      name: "a subchart in what is no archive",
      files: { ...honest.Chart, "deploy/charts/a-0.1.0.tgz": "not an archive" },
      says: "deploy",
    },
  ];
  test.each(odd)("$name", async ({ says, ...attack }) => {
    const problem = await attacked.refused(attack);
    expect(["InvalidManifest", "Unsupported", "LimitExceeded"]).toContain(problem.code);
    expect(problem.message).toContain(says);
  });

  test("an object whose hook annotation is no text is not left out in silence", async () => {
    const objects = await attacked.rendered({
      name: "hook",
      files: {
        ...honest.Chart,
        "deploy/templates/b.yaml":
          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {helm.sh/hook: [1]}}\n",
      },
    });
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(["settings", "b"]);
  });

  test("what one bad kustomization leaves behind is not in the next render", async () => {
    const schema = JSON.stringify({ definitions: {} });
    await attacked.attempt({
      name: "schema",
      files: {
        ...kustomization("deploy", { resources: ["a.yaml"], openapi: { path: "s.json" } }),
        "deploy/s.json": schema,
        "deploy/a.yaml": settings,
      },
    });
    const deployment = (container: object) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { template: { spec: { containers: [container] } } },
    });
    const objects = await attacked.rendered({
      name: "merge",
      files: kustomization(
        "deploy",
        { resources: ["d.yaml"], patches: [{ path: "p.yaml" }] },
        {
          "d.yaml": JSON.stringify(deployment({ name: "web", image: "a:1" })),
          "p.yaml": JSON.stringify(deployment({ name: "web", env: [{ name: "A", value: "1" }] })),
        },
      ),
    });
    // By the built-in schema containers are merged by name; without one the list is replaced.
    expect(objects).toMatchObject([
      { object: { spec: { template: { spec: { containers: [{ image: "a:1", name: "web" }] } } } } },
    ]);
  });
});
