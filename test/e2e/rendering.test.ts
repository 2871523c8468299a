import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { inWords } from "./harness/audit.ts";
import type { Kind, TestObject } from "./harness/kube-api.ts";
import { configMap, definition, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { chart, configMapTemplate, kustomization } from "./harness/sources.ts";
import { conditionOf } from "./harness/status.ts";
import type { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** The renderers are loaded by the first of them, on a machine that may be busy. */
const firstDeadlineMs = 60_000;

const widget = (name: string) => ({
  apiVersion: "shop.example/v1",
  kind: "Widget",
  metadata: { name },
  spec: { size: 1 },
});
const resources = (...names: string[]) => ({ resources: names });
const settingsFile = (v: string) => ({ "settings.yaml": manifest(configMap("settings", { v })) });
const settings = (namespace: string) => world.api.read("ConfigMap", namespace, "settings");
const isGone = (kind: Kind, namespace: string, name: string) =>
  waitFor(
    `${kind} ${namespace}/${name} to be gone`,
    () => world.api.get(kind, namespace, name),
    (object) => object === undefined,
  );

async function grantDefinitions(tenant: Tenant): Promise<void> {
  const crds = { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"] };
  await tenant.grantInCluster([{ ...crds, verbs: ["get", "create", "patch", "delete"] }]);
}

describe("what a directory holds says how it is rendered", () => {
  const cases = [
    {
      name: "plain manifests, those below the path included",
      files: { "deploy/below/a.yaml": manifest(configMap("plain", {})) },
      makes: ["plain"],
    },
    ...["kustomization.yaml", "kustomization.yml", "Kustomization"].map((file) => ({
      name: `a kustomization by ${file}, which takes what it names and nothing else`,
      files: {
        [`deploy/${file}`]: "namePrefix: the-\nresources: [a.yaml]\n",
        "deploy/a.yaml": manifest(configMap("base", {})),
        "deploy/unnamed.yaml": manifest(configMap("unnamed", {})),
      },
      makes: ["the-base"],
    })),
    {
      name: "a chart by Chart.yaml",
      files: chart("deploy", {
        name: "web",
        templates: { "a.yaml": configMapTemplate("{{ .Release.Name }}-{{ .Chart.Name }}", {}) },
      }),
      makes: ["shop-web"],
    },
    {
      name: "a kustomization where there is a chart, too",
      files: {
        ...chart("deploy", { templates: { "a.yaml": configMapTemplate("by-helm", {}) } }),
        ...kustomization("deploy", resources("b.yaml"), {
          "b.yaml": manifest(configMap("by-kustomize", {})),
        }),
      },
      makes: ["by-kustomize"],
    },
    {
      name: "a chart where there is a kustomization, too, as the spec says so",
      files: {
        ...chart("deploy", { templates: { "a.yaml": configMapTemplate("by-helm", {}) } }),
        ...kustomization("deploy", resources("b.yaml"), {
          "b.yaml": manifest(configMap("by-kustomize", {})),
        }),
      },
      source: { helm: {} },
      makes: ["by-helm"],
    },
    {
      name: "an overlay, whose base lies outside of the path",
      files: {
        ...kustomization("base", resources("a.yaml"), { "a.yaml": manifest(configMap("a", {})) }),
        ...kustomization("deploy", { nameSuffix: "-prod", ...resources("../base") }),
      },
      makes: ["a-prod"],
    },
    {
      name: "a chart at the root of the repository",
      files: chart("", { name: "root", templates: { "a.yaml": configMapTemplate("rooted", {}) } }),
      source: { path: "" },
      makes: ["rooted"],
    },
  ];
  test.concurrent.each(cases.map((one, index) => ({ ...one, index })))(
    "$name",
    async ({ files, source, makes, index }) => {
      const tenant = await world.createTenant(`kinds-${index}`);
      const app = await tenant.application("shop", {
        files,
        ...(source === undefined ? {} : { spec: { source } }),
      });
      const { status } = await app.ready(undefined, firstDeadlineMs);
      expect(status?.objects).toMatchObject({ total: makes.length, synced: makes.length });
      const made = await world.api.list("ConfigMap", tenant.name);
      expect(made.map(({ metadata }) => metadata.name)).toEqual(makes);
    },
  );
});

test("spec.source.helm: release, values, files of values and parameters, the later over the earlier", async () => {
  const tenant = await world.createTenant("options");
  const data = Object.fromEntries(
    ["own", "near", "far", "inline", "single"].map((key) => [key, `{{ .Values.${key} | quote }}`]),
  );
  const app = await tenant.application("shop", {
    files: {
      ...chart("charts/web", {
        values: { own: 1, near: 1, far: 1, inline: 1, single: 1, nested: { list: ["a"] } },
        templates: {
          "a.yaml": configMapTemplate("{{ .Release.Name }}", {
            ...data,
            namespace: "{{ .Release.Namespace }}",
            text: "{{ kindOf .Values.text }}",
            number: "{{ kindOf .Values.number }}",
            first: "{{ index .Values.nested.list 0 }}",
            exact: "{{ .Values.exact | int64 | quote }}",
          }),
          "NOTES.txt": "kind: [not an object",
        },
        files: { "near.yaml": "near: 2\nfar: 2\ninline: 2\nsingle: 2\n" },
      }),
      "environments/prod.yaml": "far: 3\ninline: 3\nsingle: 3\n",
    },
    spec: {
      source: {
        path: "charts/web",
        helm: {
          releaseName: "blue",
          valueFiles: ["near.yaml", "/environments/prod.yaml", "none.yaml"],
          ignoreMissingValueFiles: true,
          values: { inline: 4, single: 4, exact: 9007199254740991 },
          parameters: [
            { name: "single", value: "5" },
            { name: "text", value: "5", forceString: true },
            { name: "number", value: "5" },
            { name: "nested.list[0]", value: "b" },
          ],
        },
      },
    },
  });
  const { status } = await app.ready();
  expect(status?.objects?.total).toBe(1);
  expect((await world.api.read("ConfigMap", "options", "blue")).data).toEqual({
    own: "1",
    near: "2",
    far: "3",
    inline: "4",
    single: "5",
    namespace: "options",
    text: "string",
    number: "int64",
    first: "b",
    exact: "9007199254740991",
  });

  await app.configure({ source: { helm: { ignoreMissingValueFiles: false } } });
  const { message } = await app.condition("Ready", "False");
  expect(message).toContain("charts/web/none.yaml");
});

describe("a chart sees the cluster at hand", () => {
  test("its version and its kinds; those that come later change what is rendered, without a push", async () => {
    const tenant = await world.createTenant("capable");
    const app = await tenant.application("shop", {
      files: chart("deploy", {
        name: "web",
        templates: {
          "a.yaml": configMapTemplate("settings", {
            version: "{{ .Capabilities.KubeVersion.Version }}",
            minor: "{{ .Capabilities.KubeVersion.Minor | quote }}",
            deployments: '{{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}',
            group: '{{ .Capabilities.APIVersions.Has "apps/v1" | quote }}',
            late: '{{ .Capabilities.APIVersions.Has "shop.example/v1/Latecomer" | quote }}',
          }),
        },
      }),
    });
    await app.ready();
    const { serverVersion } = JSON.parse(await world.plane.kubectl(["version", "-o", "json"])) as {
      serverVersion: { gitVersion: string; minor: string };
    };
    expect((await settings("capable")).data).toEqual({
      version: serverVersion.gitVersion,
      minor: serverVersion.minor,
      deployments: "true",
      group: "true",
      late: "false",
    });
    await world.api.create(definition("Latecomer", "latecomers"));
    await waitFor(
      "the chart to see the new kind",
      () => settings("capable"),
      ({ data }) => data.late === "true",
    );
    await app.ready();
  });

  test("its crds/ are there before its objects of these kinds; skipCrds leaves them to others", async () => {
    const tenant = await world.createTenant("crds");
    await grantDefinitions(tenant);
    const files = chart("deploy", {
      name: "web",
      templates: { "widget.yaml": manifest(widget("{{ .Release.Name }}")) },
      files: { "crds/widgets.yaml": manifest(definition("Widget", "widgets")) },
    });
    const app = await tenant.application("shop", { files, spec: { prune: false } });
    const { status } = await app.ready();
    expect(status?.objects).toMatchObject({ total: 2, synced: 2 });
    const other = await tenant.application("guest", {
      files,
      spec: { source: { helm: { skipCrds: true } } },
    });
    expect((await other.ready()).status?.objects).toMatchObject({ total: 1, synced: 1 });
    await world.plane.kubectl(["get", "-n", "crds", "widgets.shop.example/shop"]);
    await world.plane.kubectl(["get", "-n", "crds", "widgets.shop.example/guest"]);
  });
});

describe("hooks", () => {
  const hooked = (hook: string, name: string) => {
    const annotations = { "helm.sh/hook": hook };
    return manifest({ ...configMap(name, {}), metadata: { name, annotations } });
  };

  test("are told and not applied as ordinary objects; the rest of the chart is", async () => {
    const tenant = await world.createTenant("hooks");
    const app = await tenant.application("shop", {
      files: chart("deploy", {
        name: "web",
        templates: {
          "a.yaml": configMapTemplate("settings", { v: "one" }),
          "migrate.yaml": hooked("pre-install,pre-upgrade", "migrate"),
          "test.yaml": hooked("test", "smoke"),
        },
      }),
    });
    const { status } = await app.ready();
    expect(status?.objects).toMatchObject({ total: 1, synced: 1, failed: 0, skipped: 2 });
    const made = await world.api.list("ConfigMap", "hooks");
    expect(made.map(({ metadata }) => metadata.name)).toEqual(["settings"]);
    expect(JSON.stringify(status?.problems)).toContain("migrate");
    await app.configure({ source: { helm: { skipTests: true } } });
    await app.until("the test left out", (seen) => seen.status?.objects?.skipped === 1);
  });

  test("an object that becomes a hook stays as it is: it is neither pruned nor healed", async () => {
    const tenant = await world.createTenant("hooked");
    const files = (migrate: string) =>
      chart("deploy", {
        name: "web",
        templates: {
          "a.yaml": configMapTemplate("settings", { v: "one" }),
          "migrate.yaml": migrate,
        },
      });
    const app = await tenant.application("shop", {
      files: files(manifest(configMap("migrate", {}))),
    });
    await app.ready();
    await app.deploy(files(hooked("pre-upgrade", "migrate")));
    await world.api.read("ConfigMap", "hooked", "migrate");
  });
});

interface BrokenCase {
  name: string;
  reason: string;
  /** What the message says besides what to do. */
  says: readonly string[];
  good: Readonly<Record<string, string>>;
  bad: Readonly<Record<string, string | null>>;
}

const goodChart = chart("deploy", {
  name: "web",
  values: { v: "1" },
  templates: { "settings.yaml": configMapTemplate("settings", { v: "{{ .Values.v | quote }}" }) },
});
const goodKustomization = kustomization("deploy", resources("settings.yaml"), settingsFile("1"));

const broken: BrokenCase[] = [
  {
    name: "a chart whose template does not parse",
    reason: "InvalidManifest",
    says: ["deploy/templates/bad.yaml", "1"],
    good: goodChart,
    bad: { "deploy/templates/bad.yaml": "a: {{ if }}\n" },
  },
  {
    name: "a chart that fails by itself",
    reason: "InvalidManifest",
    says: ["deploy/templates/bad.yaml", "the region is missing"],
    good: goodChart,
    bad: { "deploy/templates/bad.yaml": '{{ required "the region is missing" .Values.region }}' },
  },
  {
    name: "a chart whose template gives broken YAML",
    reason: "InvalidManifest",
    says: ["deploy/templates/bad.yaml"],
    good: goodChart,
    bad: { "deploy/templates/bad.yaml": "kind: [ConfigMap\n" },
  },
  {
    name: "a chart whose values.yaml is broken",
    reason: "InvalidManifest",
    says: ["deploy/values.yaml"],
    good: goodChart,
    bad: { "deploy/values.yaml": "v: [\n" },
  },
  {
    name: "a chart whose values do not follow its schema",
    reason: "InvalidManifest",
    says: ["v", "deploy"],
    good: goodChart,
    bad: {
      "deploy/values.schema.json": JSON.stringify({ properties: { v: { type: "integer" } } }),
    },
  },
  {
    name: "a chart that lacks a dependency",
    reason: "SourceRefused",
    says: ["database", "deploy/Chart.yaml"],
    good: goodChart,
    bad: {
      "deploy/Chart.yaml":
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: database, version: 1.0.0, repository: https://charts.example}\n",
    },
  },
  {
    name: "a chart without its Chart.yaml, where the spec says helm",
    reason: "PathNotFound",
    says: ["deploy", "Chart.yaml", "Helm chart"],
    good: goodChart,
    bad: { "deploy/Chart.yaml": null },
  },
  {
    name: "a kustomization that names a file that is not there",
    reason: "PathNotFound",
    says: ["none.yaml", "deploy"],
    good: goodKustomization,
    bad: { "deploy/kustomization.yaml": "resources: [settings.yaml, none.yaml]\n" },
  },
  {
    name: "a kustomization that is broken YAML",
    reason: "InvalidManifest",
    says: ["deploy/kustomization.yaml"],
    good: goodKustomization,
    bad: { "deploy/kustomization.yaml": "resources: [\n" },
  },
  {
    name: "a kustomization with an unknown field",
    reason: "InvalidManifest",
    says: ["deploy", "resurces"],
    good: goodKustomization,
    bad: { "deploy/kustomization.yaml": "resurces: [settings.yaml]\n" },
  },
  {
    name: "a kustomization whose patch fits nothing",
    reason: "InvalidManifest",
    says: ["deploy", "nothing"],
    good: goodKustomization,
    bad: {
      "deploy/kustomization.yaml":
        "resources: [settings.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: nothing}\n",
    },
  },
  {
    name: "a kustomization with helmCharts",
    reason: "Unsupported",
    says: ["deploy/kustomization.yaml", "helmCharts"],
    good: goodKustomization,
    bad: {
      "deploy/kustomization.yaml":
        "resources: [settings.yaml]\nhelmCharts:\n- {name: web, repo: https://charts.example, version: 1.0.0}\n",
    },
  },
];

describe("what cannot be rendered is told once, and what was deployed stays guarded", () => {
  test.concurrent.each(broken.map((one, index) => ({ ...one, index })))(
    "$name: $reason",
    async ({ reason, says, good, bad, index }) => {
      const tenant = await world.createTenant(`broken-${index}`);
      const tool = good === goodChart ? { helm: {} } : {};
      const app = await tenant.application("shop", { files: good, spec: { source: tool } });
      await app.ready();
      const revision = (await app.get()).status?.revision;
      const mark = await world.audit.mark();
      await app.push(bad);
      const { message } = await app.condition("Ready", "False", reason);
      for (const text of says) expect(message).toContain(text);
      await app.refresh();
      await app.refresh();
      const after = await app.get();
      expect(after.status).toMatchObject({ revision, objects: { total: 1, synced: 1 } });
      expect(conditionOf(after, "Synced")?.status).not.toBe("True");
      const ofThis = (await world.audit.targetWritesSince(mark)).filter(
        ({ objectRef }) => objectRef?.namespace === app.namespace,
      );
      expect(ofThis.map(inWords)).toEqual([]);

      await world.api.patch("ConfigMap", app.namespace, "settings", { data: { v: "red" } });
      await waitFor(
        "the heal",
        () => settings(app.namespace),
        ({ data }) => data.v === "1",
      );
      expect((await app.told(reason)).map(({ type, note }) => [type, note])).toEqual([
        ["Warning", message],
      ]);
      const labels = { ...app.labels, code: reason };
      expect(total(await world.controller.metrics(), "mooring_problems_total", labels)).toBe(1);

      const undo = Object.fromEntries(Object.keys(bad).map((path) => [path, good[path] ?? null]));
      await app.deploy(undo);
    },
  );
});

test("exact integers, unquoted versions and empty values of a chart arrive as the chart gives them", async () => {
  const tenant = await world.createTenant("exact");
  const app = await tenant.application("shop", {
    files: chart("deploy", {
      name: "web",
      templates: {
        "a.yaml": configMapTemplate("settings", {
          large: '"{{ .Values.large | int64 }}"',
          version: '"1.10"',
          yes_: '"yes"',
          empty: '""',
        }),
      },
      files: { "values.yaml": "large: 1234567890123456789\n" },
    }),
  });
  await app.ready();
  expect((await settings("exact")).data).toEqual({
    large: "1234567890123456768",
    version: "1.10",
    yes_: "yes",
    empty: "",
  });
});

test("tool and options change with the spec alone: the same commit is rendered anew", async () => {
  const tenant = await world.createTenant("respecified");
  const app = await tenant.application("shop", { files: goodChart });
  await app.ready();
  await app.configure({ source: { helm: { parameters: [{ name: "v", value: "two" }] } } });
  await waitFor(
    "the new value",
    () => settings("respecified"),
    ({ data }) => data.v === "two",
  );
  await app.configure({ source: { helm: null } });
  await waitFor(
    "the chart's own value",
    () => settings("respecified"),
    ({ data }) => data.v === "1",
  );
  await app.ready();
});

test("a directory that becomes a chart, then a kustomization, keeps the objects that stay", async () => {
  const tenant = await world.createTenant("becoming");
  const plain = { "deploy/settings.yaml": manifest(configMap("settings", { v: "plain" })) };
  const app = await tenant.application("shop", { files: plain });
  await app.ready();
  const uid = (object: TestObject) => object.metadata.uid;
  const before = uid(await settings("becoming"));
  await app.deploy({ "deploy/settings.yaml": null, ...goodChart });
  expect((await settings("becoming")).data).toEqual({ v: "1" });
  await app.deploy({
    ...Object.fromEntries(Object.keys(goodChart).map((path) => [path, null])),
    ...goodKustomization,
    "deploy/kustomization.yaml":
      "resources: [settings.yaml]\nconfigMapGenerator:\n- {name: more}\n",
  });
  expect(uid(await settings("becoming"))).toBe(before);
  const names = (await world.api.list("ConfigMap", "becoming")).map((one) => one.metadata.name);
  expect(names).toEqual([expect.stringMatching(/^more-/), "settings"]);
  // A changed generator makes an object of another name, and prunes the old one.
  await app.deploy({
    "deploy/kustomization.yaml":
      "resources: [settings.yaml]\nconfigMapGenerator:\n- {name: more, literals: [a=1]}\n",
  });
  await isGone("ConfigMap", "becoming", names[0] as string);
});

test("kubectl's rendering of the same kustomization is what arrives", async () => {
  const tenant = await world.createTenant("same");
  const files = {
    ...kustomization("base", resources("settings.yaml"), settingsFile("1")),
    ...kustomization("deploy", {
      ...resources("../base"),
      nameSuffix: "-x",
      labels: [{ pairs: { team: "blue" } }],
    }),
  };
  const app = await tenant.application("shop", { files });
  await app.ready();
  const live = await world.api.read("ConfigMap", "same", "settings-x");
  expect(live.metadata.labels).toMatchObject({ team: "blue" });
  expect(live.data).toEqual(parse(files["base/settings.yaml"] ?? "").data);
});
