/** The CRD on a real apiserver: what it takes, refuses, defaults, shows and explains. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { parseApplication } from "../../../src/dialect/mooring/application.ts";
import { applicationCrd } from "../../../src/dialect/mooring/crd.ts";
import { fitStatus } from "../../../src/dialect/mooring/status.ts";
import type { ApplicationStatus } from "../../../src/model/application.ts";
import { parseExact } from "../../../src/model/exact-json.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";

let plane: ControlPlane;
let serial = 0;
let name: string;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false, audit: false });
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(applicationCrd()));
  await untilServed(plane, "applications.mooring.dev");
}, 120_000);

afterAll(async () => {
  await plane?.stop();
});

beforeEach(() => {
  serial += 1;
  name = `app-${serial}`;
});

const minimal = { source: { git: { url: "https://git.example/shop.git" } } };

function application(spec: unknown): string {
  return JSON.stringify({
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: "default" },
    spec,
  });
}

async function create(spec: unknown): Promise<KubeObject> {
  const args = ["create", "--validate=strict", "-f", "-", "-o", "json"];
  return JSON.parse(await plane.kubectl(args, application(spec)));
}

function rawPath(of: string): string {
  return `/apis/mooring.dev/v1alpha1/namespaces/default/applications/${of}`;
}

/** The apiserver's words. */
async function refusal(spec: unknown): Promise<string> {
  const error = await create(spec).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof Error)) throw new Error(`not refused: ${JSON.stringify(spec)}`);
  return error.message;
}

function withGit(git: object): object {
  return { source: { git: { url: "https://git.example/shop.git", ...git } } };
}

function withSource(more: object): object {
  return { source: { ...minimal.source, ...more } };
}

test("the schema is structural and its rules' cost is accepted", async () => {
  const crd = JSON.parse(
    await plane.kubectl(["get", "crd", "applications.mooring.dev", "-o", "json"]),
  );
  const conditions: { type: string; status: string; message: string }[] = crd.status.conditions;
  expect(conditions.filter(({ type }) => type === "NonStructuralSchema")).toEqual([]);
  expect(conditions.find(({ type }) => type === "Established")?.status).toBe("True");
  expect(crd.metadata.labels["applyset.kubernetes.io/is-parent-type"]).toBe("true");
});

test("takes the Application of the documentation, and the parser takes what is stored", async () => {
  const stored = await create({
    serviceAccountName: "deployer",
    source: {
      git: { url: "https://git.example/shop.git", ref: { branch: "main" } },
      path: "deploy/prod",
    },
    destination: { namespace: "shop", createNamespace: true },
    interval: "20s",
    mode: "enforce",
    prune: true,
    selfHeal: true,
  });
  const parsed = parseApplication(stored);
  expect(parsed).toMatchObject({ ok: true, application: { intervalMs: 20_000 } });
});

test("keeps a chart's values to the letter, integers past 2^53 among them", async () => {
  const values = '{"big":9007199254740993,"deep":{"any name":{},"list":[1,null,"x"]},"none":null}';
  const helm = { valueFiles: ["values-prod.yaml", "/shared/values.yaml"], skipTests: true };
  const spec = JSON.stringify(withSource({ helm: { ...helm, values: "VALUES" } }));
  const text = application({}).replace('"spec":{}', `"spec":${spec.replace('"VALUES"', values)}`);
  await plane.kubectl(["create", "--validate=strict", "-f", "-"], text);
  const stored = await plane.kubectl(["get", "--raw", rawPath(name)]);
  const parsed = parseApplication(parseExact(stored) as KubeObject);
  expect(parsed).toMatchObject({ ok: true, application: { spec: { source: { helm } } } });
  expect(JSON.stringify(parsed.application.spec.source.helm?.values)).toBe(values);
});

test.each(["kustomize", "directory", "helm"])("takes %s: {} as said", async (tool) => {
  const stored = await create(withSource({ [tool]: {} }));
  expect(parseApplication(stored).application.spec.source).toHaveProperty(tool, {});
});

test("the apiserver fills in the defaults that the parser would", async () => {
  const stored = await create(minimal);
  expect(stored.spec).toEqual({
    project: "default",
    source: { git: { url: "https://git.example/shop.git" }, path: "" },
    destination: { createNamespace: false },
    interval: "20s",
    timeout: "5m",
    mode: "warn",
    prune: false,
    selfHeal: false,
    suspend: false,
    deletionPolicy: "delete",
    historyLimit: 10,
    ignoreDifferences: [],
    retry: { limit: -1, backoff: { duration: "2s", factor: 2, maxDuration: "3m" } },
  });
  expect(parseApplication(stored).application.spec).toEqual(stored.spec);
});

describe("refuses in plain words", () => {
  const pointer = ["/spec/replicas"];
  const wrong: readonly [string, object, string][] = [
    [
      "two kinds of ref",
      withGit({ ref: { branch: "main", tag: "v1" } }),
      "name exactly one of branch, tag, commit, name",
    ],
    [
      "an empty ref",
      withGit({ ref: {} }),
      "spec.source.git.ref: Invalid value: name exactly one of branch, tag, commit, name",
    ],
    ["a short commit", withGit({ ref: { commit: "abc123" } }), "spec.source.git.ref.commit"],
    [
      "a branch that would be an option of git",
      withGit({ ref: { branch: "--upload-pack=x" } }),
      "spec.source.git.ref.branch",
    ],
    [
      "credentials in the URL",
      withGit({ url: "https://bot:secret@git.example/shop.git" }),
      "must not carry credentials: put them into a Secret and name it in secretRef",
    ],
    [
      "a URL of another scheme",
      withGit({ url: "file:///etc/passwd" }),
      "must be an https:// or http:// URL",
    ],
    [
      "a path that leaves the repository",
      { source: { ...minimal.source, path: "deploy/../../etc" } },
      "must be a path inside the repository: relative, and without ..",
    ],
    ["an interval below 5s", { ...minimal, interval: "4999ms" }, "must be from 5s to 24h"],
    ["an interval beyond a day", { ...minimal, interval: "25h" }, "must be from 5s to 24h"],
    ["an interval that is no duration", { ...minimal, interval: "soon" }, "spec.interval"],
    ["an interval without a unit", { ...minimal, interval: "20" }, "spec.interval"],
    ["a timeout of nothing", { ...minimal, timeout: "0s" }, "must be from 1s to 24h"],
    [
      "a first pause longer than the longest",
      { ...minimal, retry: { backoff: { duration: "10m", maxDuration: "1m" } } },
      "duration must not be longer than maxDuration",
    ],
    ["an unknown mode", { ...minimal, mode: "yolo" }, 'supported values: "observe", "warn"'],
    [
      "an ignoreDifferences that names no field",
      { ...minimal, ignoreDifferences: [{ kind: "Deployment", jsonPointers: [] }] },
      "name the fields by jsonPointers, jqPathExpressions or managedFieldsManagers",
    ],
    [
      "a JSON pointer that is none",
      { ...minimal, ignoreDifferences: [{ kind: "Deployment", jsonPointers: ["spec.replicas"] }] },
      "spec.ignoreDifferences[0].jsonPointers[0]",
    ],
    [
      "too many ignoreDifferences",
      {
        ...minimal,
        ignoreDifferences: Array.from({ length: 65 }, () => ({
          kind: "Deployment",
          jsonPointers: pointer,
        })),
      },
      "spec.ignoreDifferences: Too many: 65: must have at most 64 items",
    ],
    ["a history of a thousand", { ...minimal, historyLimit: 1000 }, "less than or equal to 50"],
    ["a runbook that runs", { ...minimal, runbook: "javascript:alert(1)" }, "https:// or http://"],
    [
      "two ways of rendering",
      withSource({ helm: {}, directory: {} }),
      "spec.source: Invalid value: name at most one of helm, kustomize, directory",
    ],
    [
      "an option that kustomize does not have",
      withSource({ kustomize: { namePrefix: "x-" } }),
      'unknown field "spec.source.kustomize.namePrefix"',
    ],
    [
      "a release name that Helm would refuse",
      withSource({ helm: { releaseName: "x".repeat(54) } }),
      "spec.source.helm.releaseName: Too long",
    ],
    [
      "a release name in capitals",
      withSource({ helm: { releaseName: "Shop" } }),
      "spec.source.helm.releaseName",
    ],
    [
      "a value file with a line break",
      withSource({ helm: { valueFiles: ["a\nb"] } }),
      "spec.source.helm.valueFiles[0]",
    ],
    [
      "values that are a list",
      withSource({ helm: { values: ["a"] } }),
      "spec.source.helm.values: Invalid value",
    ],
    [
      "values of more members than it reads",
      withSource({
        helm: { values: Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`v${i}`, i])) },
      }),
      "spec.source.helm.values: Too many: 1025: must have at most 1024 items",
    ],
    [
      "a parameter twice",
      withSource({ helm: { parameters: [{ name: "a" }, { name: "a", value: "b" }] } }),
      "spec.source.helm.parameters[1]: Duplicate value",
    ],
    [
      "a parameter without a name",
      withSource({ helm: { parameters: [{ value: "b" }] } }),
      "spec.source.helm.parameters[0].name: Required value",
    ],
    [
      "a parameter that is a number",
      withSource({ helm: { parameters: [{ name: "a", value: 1 }] } }),
      "spec.source.helm.parameters[0].value",
    ],
    [
      "a Kubernetes version that is none",
      withSource({ helm: { kubeVersion: "latest" } }),
      "spec.source.helm.kubeVersion",
    ],
    [
      "an API version that is none",
      withSource({ helm: { apiVersions: ["apps/v1/Deployment/x"] } }),
      "spec.source.helm.apiVersions[0]",
    ],
    ["a field that there is not", { ...minimal, helm: {} }, 'unknown field "spec.helm"'],
    ["a boolean as text", { ...minimal, prune: "true" }, "spec.prune"],
    ["no source", {}, "spec.source: Required value"],
  ];
  test.each(wrong)("%s", async (_what, spec, words) => {
    // Older API servers put the type of what a rule judges before its message.
    const told = (await refusal(spec)).replace('Invalid value: "object": ', "Invalid value: ");
    expect(told).toContain(words);
  });

  test("and never repeats a password", async () => {
    const words = await refusal(withGit({ url: "https://bot:hunter2@git.example/shop.git" }));
    expect(words).not.toContain("hunter2");
  });
});

test("kubectl explain describes every field", async () => {
  const explain = (field: string) =>
    plane.kubectl(["explain", `applications.${field}`, "--api-version=mooring.dev/v1alpha1"]);
  // The apiserver publishes the schema of a new CRD a moment later.
  await vi.waitFor(() => explain("spec"), { timeout: 90_000, interval: 250 });
  const undescribed = [];
  for (const field of fieldsOf(applicationCrd())) {
    const [, description = ""] = (await explain(field)).split("DESCRIPTION:\n");
    if (description === "" || /^\s*<empty>/.test(description)) undescribed.push(field);
  }
  expect(undescribed).toEqual([]);
}, 240_000);

test("the list shows Sync, Health, Revision and Age, and more when it is wide", async () => {
  await create(minimal);
  const status: ApplicationStatus = {
    sync: "Synced",
    health: "Healthy",
    revision: "main@sha1:0123",
    conditions: [
      {
        type: "Ready",
        status: "True",
        reason: "Healthy",
        message: "all 3 objects are healthy",
        observedGeneration: 1,
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ],
  };
  await writeStatus(status);
  const [header, row] = (await plane.kubectl(["get", "mapp", name])).trim().split("\n");
  expect(header?.split(/\s+/)).toEqual(["NAME", "SYNC", "HEALTH", "REVISION", "AGE"]);
  expect(row?.split(/\s+/)).toEqual(
    expect.arrayContaining([name, "Synced", "Healthy", "main@sha1:0123"]),
  );
  const wide = await plane.kubectl(["get", "mapp", name, "-o", "wide"]);
  for (const text of ["READY", "MODE", "warn", "MESSAGE", "all 3 objects are healthy"])
    expect(wide).toContain(text);
  expect(await plane.kubectl(["get", "gitops", "-A"])).toContain(name);
});

test("a status of the largest texts is taken, and stays below 100 kB", async () => {
  await create(minimal);
  const status = fitStatus(largestStatus());
  await writeStatus(status);
  const stored = JSON.parse(await plane.kubectl(["get", "mapp", name, "-o", "json"]));
  expect(stored.status).toEqual(status);
  expect(Buffer.byteLength(JSON.stringify(stored.status))).toBeLessThan(100_000);
});

async function writeStatus(status: ApplicationStatus): Promise<void> {
  const merge = ["--subresource=status", "--type=merge", `--patch=${JSON.stringify({ status })}`];
  await plane.kubectl(["patch", "mapp", name, ...merge]);
}

/** More of everything than the CRD takes, for an application with the default historyLimit. */
function largestStatus(): ApplicationStatus {
  const time = "2026-01-01T00:00:00Z";
  const long = "x".repeat(10_000);
  const ref = { group: long, kind: long, namespace: long, name: long };
  const types = ["Ready", "Reconciling", "Stalled", "Synced", "Healthy", "Drifted"] as const;
  return {
    observedGeneration: 1,
    conditions: types.map((type) => ({
      type,
      status: "False" as const,
      reason: "Reason",
      // What status/ writes at most.
      message: "x".repeat(2048),
      observedGeneration: 1,
      lastTransitionTime: time,
    })),
    sync: "OutOfSync",
    health: "Degraded",
    revision: long,
    attemptedRevision: long,
    commit: { id: long, author: long, message: long, time },
    objects: { total: 5000, synced: 0, healthy: 0, drifted: 0, failed: 5000 },
    problems: Array.from({ length: 5000 }, () => ({ ...ref, state: long, message: long })),
    heldPrune: {
      hash: long,
      reason: long,
      count: 5000,
      objects: Array.from({ length: 5000 }, () => ref),
    },
    lastDrift: {
      ...ref,
      fields: Array.from({ length: 5000 }, () => long),
      manager: long,
      time,
      healed: false,
    },
    history: Array.from({ length: 10 }, () => ({
      revision: long,
      author: long,
      message: long,
      committedAt: time,
      deployedAt: time,
      healthyAt: time,
      result: "Healthy" as const,
    })),
  };
}

interface Fields {
  properties?: Record<string, Fields>;
  items?: Fields;
}

/** Every field of the spec and the status, as kubectl explain takes it: `spec.source.git`. */
function fieldsOf(crd: KubeObject): string[] {
  const [version] = (crd.spec as { versions: { schema: { openAPIV3Schema: Fields } }[] }).versions;
  const { spec = {}, status = {} } = version?.schema.openAPIV3Schema.properties ?? {};
  const below = (schema: Fields, path: string): string[] => [
    path,
    ...Object.entries(schema.items?.properties ?? schema.properties ?? {}).flatMap(
      ([field, inner]) => below(inner, `${path}.${field}`),
    ),
  ];
  return [...below(spec, "spec"), ...below(status, "status")];
}
