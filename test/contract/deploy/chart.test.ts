/** The chart renders what kustomize does, and refuses values that it does not know. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { configFields } from "../../../src/cli/controller/config.ts";
import { byName, helm, kustomize, overlays, root } from "./manifests.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mooring-chart-"));
});
afterAll(() => rm(scratch, { recursive: true }));

async function withValues(values: object): ReturnType<typeof helm> {
  const file = join(scratch, "values.yaml");
  await writeFile(file, stringify(values));
  return helm([`--values=${file}`]);
}

const whole = ["--set=namespace.create=true"];

for (const overlay of overlays)
  test(`it renders the objects of deploy/overlays/${overlay}`, async () => {
    const [wanted, rendered] = await Promise.all([
      kustomize(`deploy/overlays/${overlay}`),
      helm([...whole, `--values=deploy/chart/ci/${overlay}-values.yaml`]),
    ]);
    expect(byName(rendered)).toEqual(byName(wanted));
  });

test("with monitoring it renders the objects of deploy/monitoring besides", async () => {
  const [wanted, base, rendered] = await Promise.all([
    kustomize("deploy/monitoring"),
    helm([]),
    helm(["--set=monitoring.enabled=true"]),
  ]);
  expect(byName(rendered)).toEqual(byName([...base, ...wanted]));
  expect(wanted.map(({ kind }) => kind)).toContain("ServiceMonitor");
});

test("in another namespace nothing is left of the usual one", async () => {
  const rendered = await helm(["--namespace=gitops", ...whole, "--set=monitoring.enabled=true"]);
  const places = new Set(rendered.map(({ metadata }) => metadata.namespace));
  expect([...places].sort()).toEqual(["gitops", undefined]);
  const own = rendered.filter(({ kind }) => !["PrometheusRule", "ConfigMap"].includes(kind));
  expect(JSON.stringify(own)).not.toContain("mooring-system");
});

test("the CRD is upgraded with the chart and outlives it; somebody else may install it", async () => {
  const crd = (await helm([])).find(({ kind }) => kind === "CustomResourceDefinition");
  expect(crd?.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
  const without = await helm(["--set=crds.install=false"]);
  expect(without.map(({ kind }) => kind)).not.toContain("CustomResourceDefinition");
});

test("the version of the chart, of the image and of the program are one", async () => {
  const { version } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  const chart = parse(await readFile(`${root}deploy/chart/Chart.yaml`, "utf8"));
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  const deployment = (await helm([])).find(({ kind }) => kind === "Deployment");
  expect(deployment?.spec.template.spec.containers[0].image).toBe(`mooring:${version}`);
});

describe("values", () => {
  test("reach the objects they are for", async () => {
    const objects = byName(
      await withValues({
        image: { repository: "registry.example/mooring", digest: `sha256:${"a".repeat(64)}` },
        imagePullSecrets: [{ name: "registry" }],
        replicas: 3,
        settings: { "render-workers": 4, "render-max-objects": 100000000, "argocd-metrics": true },
        podLabels: { team: "platform" },
        podAnnotations: { note: "1" },
        nodeSelector: { pool: "system" },
        tolerations: [{ key: "system", operator: "Exists" }],
        priorityClassName: "system-cluster-critical",
        podDisruptionBudget: { enabled: false },
        networkPolicy: { metricsNamespaces: [], ports: [443, 8443] },
        dataSize: "8Gi",
      }),
    );
    const { replicas, template } = objects["Deployment mooring-system/mooring"]?.spec ?? {};
    const { containers, volumes, ...pod } = template.spec;
    expect(replicas).toBe(3);
    expect(template.metadata).toMatchObject({
      labels: { "app.kubernetes.io/name": "mooring", team: "platform" },
      annotations: { note: "1" },
    });
    expect(pod).toMatchObject({
      imagePullSecrets: [{ name: "registry" }],
      nodeSelector: { pool: "system" },
      tolerations: [{ key: "system", operator: "Exists" }],
      priorityClassName: "system-cluster-critical",
    });
    expect(containers[0].image).toBe(`registry.example/mooring@sha256:${"a".repeat(64)}`);
    expect(containers[0].env).toEqual(
      expect.arrayContaining([
        { name: "MOORING_RENDER_WORKERS", value: "4" },
        { name: "MOORING_RENDER_MAX_OBJECTS", value: "100000000" },
        { name: "MOORING_ARGOCD_METRICS", value: "true" },
      ]),
    );
    expect(volumes).toEqual([{ name: "data", emptyDir: { sizeLimit: "8Gi" } }]);
    expect(objects).not.toHaveProperty(["PodDisruptionBudget mooring-system/mooring"]);
    const policy = objects["NetworkPolicy mooring-system/mooring"]?.spec;
    expect(policy.ingress).toBeUndefined();
    expect(policy.egress[1].ports.map(({ port }: { port: number }) => port)).toEqual([443, 8443]);
  });

  const wrong: readonly [string, object][] = [
    ["/replicas", { replicas: "two" }],
    ["additional properties 'replcas'", { replcas: 2 }],
    ["/settings", { settings: { "sweep-intervall": "6h" } }],
    ["/settings", { settings: { namespace: "elsewhere" } }],
    ["/watchNamespaces", { watchNamespaces: "team-a" }],
    ["/watchNamespaces/0", { watchNamespaces: ["Team A"] }],
    ["/impersonation/serviceAccounts", { impersonation: { serviceAccounts: ["a", "a"] } }],
    ["/watchKinds/0", { watchKinds: [{ apiGroups: ["apps"] }] }],
    ["/watchKinds/0", { watchKinds: [{ apiGroups: [""], resources: ["pods/exec"] }] }],
    ["/watchKinds/0", { watchKinds: [{ apiGroups: [""], resources: ["pods"], verbs: ["*"] }] }],
    ["/image/digest", { image: { digest: "latest" } }],
    ["/image/pullPolicy", { image: { pullPolicy: "Sometimes" } }],
    ["/networkPolicy/ports/0", { networkPolicy: { ports: [70000] } }],
    ["/podLabels", { podLabels: { "app.kubernetes.io/name": "other" } }],
    ["/dataSize", { dataSize: "much" }],
  ];
  for (const [place, values] of wrong)
    test(`${JSON.stringify(values)} is refused, with its place`, async () => {
      await expect(withValues(values)).rejects.toThrow(place);
    });

  test("are all in the schema, and the schema has no others; settings are the controller's flags", async () => {
    const values = parse(await readFile(`${root}deploy/chart/values.yaml`, "utf8"));
    const schema = JSON.parse(await readFile(`${root}deploy/chart/values.schema.json`, "utf8"));
    const { global: _, ...properties } = schema.properties;
    expect(Object.keys(properties).sort()).toEqual(Object.keys(values).sort());
    // What the chart sets itself, or what has no place in a pod.
    const own =
      /^(kubeconfig|context|namespace|identity|watch-namespaces|listen|data-dir|renderers)$/;
    const flags = configFields.map(({ flag }) => flag.slice(2)).filter((flag) => !own.test(flag));
    expect(Object.keys(properties.settings.properties).sort()).toEqual(flags.sort());
  });

  test("are each explained where they stand", async () => {
    const text = await readFile(`${root}deploy/chart/values.yaml`, "utf8");
    const undocumented = text
      .split("\n\n")
      .slice(1)
      .filter((group) => !group.includes("#"))
      .map((group) => group.split(":")[0]);
    expect(undocumented).toEqual([]);
  });
});
