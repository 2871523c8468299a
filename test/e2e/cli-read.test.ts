/**
 * What the reading verbs print, to the letter, at 80 and 200 columns and where there is no
 * terminal: of objects on a real apiserver, with no controller that changes them. The golden files
 * are written anew by `vitest -u`; what is in them is what people see.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { ownershipOf } from "../../src/plan/ownership.ts";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { type CommandOptions, mooring, type Said } from "./harness/command.ts";
import { installMooring } from "./harness/installation.ts";

/** Ages of what the apiserver stamps itself are 8y: from here on kubectl says nothing finer. */
const now = new Date(Date.now() + 3_000 * 86_400_000);
const ago = (seconds: number) =>
  `${new Date(now.getTime() - seconds * 1000).toISOString().slice(0, 19)}Z`;
const [minute, hour, day] = [60, 3_600, 86_400];
/** Whoever can push or write an object can write these. */
const hostile = "\u001b[31mred\u001b[0m \u009b2J\u202eexe.txt\r\nnext";
const sentinel = "hunter2-sentinel";
const commits = ["a", "b", "c", "d"].map((letter) => letter.repeat(40));
const longName = "the-longest-name-of-an-application-that-still-fits-into-a-label";

let plane: ControlPlane;
let nobody: string;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false });
  await installMooring(plane);
  await populate();
  nobody = await plane.kubeconfigFor({ name: "jane" });
});
afterAll(async () => {
  await plane?.stop();
});

/** Server-side, so that who manages which field is what is written here, whatever the version's defaults. */
async function create(...objects: readonly object[]): Promise<void> {
  await plane.kubectl(
    ["apply", "--server-side", "--field-manager=author", "-f", "-"],
    listOf(objects),
  );
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

async function setStatus(kind: string, name: string, status: object, namespace = "shop") {
  await plane.kubectl([
    ...["patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge"],
    ...["-p", JSON.stringify({ status })],
  ]);
}

async function uidOf(kind: string, name: string): Promise<string> {
  return plane.kubectl(["get", kind, name, "-n", "shop", "-o=jsonpath={.metadata.uid}"]);
}

function application(name: string, spec: object = {}, namespace = "shop") {
  const { id } = ownershipOf({ namespace, name });
  return {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    metadata: {
      namespace,
      name,
      labels: { "applyset.kubernetes.io/id": id, team: "shop" },
      annotations: {
        "applyset.kubernetes.io/tooling": "mooring/v1",
        "applyset.kubernetes.io/contains-group-kinds":
          name === "web" ? "ConfigMap,Deployment.apps,Secret,Service,Widget.shop.example" : "",
        "mooring.dev/refresh": "look-7",
        "team.example/contact": "#shop",
      },
      finalizers: ["mooring.dev/deletion-policy"],
    },
    spec: {
      source: {
        git: { url: `https://git.example/${namespace}/${name}.git`, ref: { branch: "main" } },
        path: "deploy",
      },
      ...spec,
    },
  };
}

function condition(type: string, status: string, reason: string, message: string) {
  const lastTransitionTime = ago(5 * minute);
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime };
}

function entry(commit: string, at: number, result: string, message: string, healthyAfter?: number) {
  return {
    revision: `main@sha1:${commit}`,
    author: "Ada Lovelace",
    message,
    committedAt: ago(at + 40),
    deployedAt: ago(at),
    ...(healthyAfter === undefined ? {} : { healthyAt: ago(at - healthyAfter) }),
    result,
  };
}

async function populate(): Promise<void> {
  const [a = "", b = "", c = "", d = ""] = commits;
  await create(
    ...["shop", "team-b"].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    })),
  );
  await create(
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: "shop", name: "default" } },
    application("web", { mode: "enforce", owner: "team-shop" }),
    application("broken", { mode: "enforce", owner: "team-shop" }),
    application("looks-only", { mode: "warn", suspend: true }),
    application(longName, { mode: "enforce", owner: "team-b" }, "team-b"),
  );
  const labels = {
    "applyset.kubernetes.io/part-of": ownershipOf({ namespace: "shop", name: "web" }).id,
  };
  const pod = { containers: [{ name: "app", image: "example.com/web:1" }] };
  const selector = { matchLabels: { app: "web" } };
  const template = { metadata: { labels: { app: "web" } }, spec: pod };
  const meta = (name: string) => ({ namespace: "shop", name, labels });
  await create(
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: meta("web"),
      spec: { replicas: 2, selector, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: meta("web"),
      spec: { ports: [{ port: 80 }], clusterIP: "None" },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta("settings"), data: { a: "1" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: meta("login"),
      data: { password: Buffer.from(sentinel).toString("base64") },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        namespace: "shop",
        name: "by-argo",
        annotations: { "argocd.argoproj.io/tracking-id": "billing:/ConfigMap:shop/by-argo" },
      },
    },
  );
  const owned = (apiVersion: string, kind: string, name: string, uid: string) => ({
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  });
  const deployment = owned("apps/v1", "Deployment", "web", await uidOf("deployment", "web"));
  const service = owned("v1", "Service", "web", await uidOf("service", "web"));
  await create(
    {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { namespace: "shop", name: "web-5d4cf56db6", ...deployment },
      spec: { replicas: 2, selector, template },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "shop", name: "web-x7x2p", ...service },
      addressType: "IPv4",
      endpoints: [],
    },
  );
  const set = owned(
    "apps/v1",
    "ReplicaSet",
    "web-5d4cf56db6",
    await uidOf("replicaset", "web-5d4cf56db6"),
  );
  await create(
    ...["web-5d4cf56db6-4zr2q", "web-5d4cf56db6-5qbg8"].map((name) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "shop", name, labels: { app: "web" }, ...set },
      spec: pod,
    })),
  );
  await setStatus("deployment", "web", {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
    unavailableReplicas: 1,
  });
  await setStatus("replicaset", "web-5d4cf56db6", {
    observedGeneration: 1,
    replicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
  });
  const started = { conditions: [{ type: "Ready", status: "True" }], phase: "Running" };
  await setStatus("pod", "web-5d4cf56db6-4zr2q", started);
  await setStatus("application", "web", {
    observedGeneration: 1,
    sync: "Synced",
    health: "Progressing",
    revision: `main@sha1:${d}`,
    commit: {
      id: d,
      author: "Ada Lovelace",
      message: `Greet ${hostile}`,
      time: ago(10 * minute + 40),
    },
    conditions: [
      condition(
        "Ready",
        "False",
        "Progressing",
        "Deployment.apps shop/web: 1 of 2 replicas available.",
      ),
    ],
    history: [
      entry(d, 10 * minute, "Deployed", `Greet ${hostile}`),
      entry(
        c,
        3 * hour,
        "Failed",
        "A version that never became healthy, with a message that goes on for longer than a terminal is wide",
      ),
      entry(b, 30 * hour, "Superseded", "Two in a row"),
      entry(a, 40 * day, "Healthy", "First", 95),
    ],
    lastDrift: {
      group: "apps",
      kind: "Deployment",
      namespace: "shop",
      name: "web",
      fields: ["spec.replicas"],
      manager: "kubectl-edit",
      time: ago(2 * hour),
      healed: true,
    },
  });
  await setStatus("application", "broken", {
    observedGeneration: 1,
    sync: "OutOfSync",
    health: "Degraded",
    revision: `main@sha1:${a}`,
    conditions: [
      condition(
        "Ready",
        "False",
        "ApplyRefused",
        `Deployment.apps shop/api: spec.replicas: ${hostile}. Correct the field in Git.`,
      ),
    ],
    problems: [
      {
        group: "apps",
        kind: "Deployment",
        namespace: "shop",
        name: "api",
        state: "failed",
        message: `spec.replicas: ${hostile}`,
      },
    ],
  });
  await setStatus(
    "application",
    longName,
    { sync: "Synced", health: "Healthy", revision: `main@sha1:${b}` },
    "team-b",
  );
  const regarding = {
    apiVersion: "mooring.dev/v1alpha1",
    kind: "Application",
    namespace: "shop",
    name: "web",
  };
  const told = (name: string, at: number, type: string, reason: string, note: string) => ({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: "shop", name },
    // MicroTime wants six digits.
    eventTime: ago(at).replace("Z", ".000000Z"),
    reportingController: "mooring.dev/controller",
    reportingInstance: "replica-0",
    action: "Sync",
    regarding,
    type,
    reason,
    note,
  });
  const events = [
    told(
      "web.2",
      2 * minute,
      "Warning",
      "Degraded",
      `Deployment.apps shop/web: 1 of 2 replicas available; it says ${hostile}. If it stays so, see kubectl get pods -n shop.`,
    ),
    told("web.1", 10 * minute, "Normal", "Synced", `At revision main@sha1:${d}. 4 created.`),
    {
      ...told("other.1", minute, "Normal", "Synced", "Of another one."),
      regarding: { ...regarding, name: "other" },
    },
  ];
  // Server-side apply is YAML, which has no control characters.
  await plane.kubectl(["create", "-f", "-"], listOf(events));
}

const widths = [80, 200, undefined] as const;

async function run(line: string, options: Partial<CommandOptions> = {}): Promise<Said> {
  const kubeconfig = options.kubeconfig ?? plane.adminKubeconfig;
  return mooring(line.split(" "), { ...options, kubeconfig, now: () => now });
}

/** What differs from run to run, in as many characters. */
function steady(text: string): string {
  return text
    .replace(
      /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
      "00000000-0000-4000-8000-000000000000",
    )
    .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, (time) => time.replace(/\d/g, "0"))
    .replace(/(resourceVersion"?: )"\d+"/g, '$1"1"')
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:1");
}

function asSeen(line: string, { code, out, err }: Said): string {
  return `$ mooring ${line}\n${steady(out)}${err === "" ? "" : `--- standard error\n${steady(err)}`}--- exit ${code}\n`;
}

async function expectGolden(
  name: string,
  lines: readonly string[],
  options?: Partial<CommandOptions>,
) {
  for (const columns of widths) {
    const sized = columns === undefined ? {} : { columns };
    const seen: string[] = [];
    for (const line of lines) seen.push(asSeen(line, await run(line, { ...sized, ...options })));
    const text = seen.join("\n");
    expect(text).not.toContain(sentinel);
    expect(text).not.toContain(Buffer.from(sentinel).toString("base64"));
    // Nothing that a terminal obeys, whoever wrote it.
    expect(text).not.toMatch(/[\p{Cc}--\n]/v);
    const file = join(import.meta.dirname, "golden", `${name}-${columns ?? "piped"}.txt`);
    await expect(text).toMatchFileSnapshot(file);
  }
}

describe("what people see at 80 and 200 columns and in a pipe", () => {
  test("get", () =>
    expectGolden("get", [
      "get -n shop",
      "get -A",
      "get -A -o wide",
      "get shop/web team-b/none",
      "get -A -o name",
      "get -n none",
    ]));
  test("tree", () =>
    expectGolden("tree", ["tree shop/web", "tree shop/broken", "tree shop/looks-only"]));
  test("trace", () =>
    expectGolden("trace", [
      "trace pod/web-5d4cf56db6-4zr2q -n shop",
      "trace secret login -n shop",
      "trace cm by-argo -n shop",
      "trace ns shop",
    ]));
  test("history", () =>
    expectGolden("history", [
      "history shop/web",
      "history shop/web -o wide",
      "history shop/looks-only",
    ]));
  test("events", () => expectGolden("events", ["events shop/web", "events shop/looks-only"]));
  test("export", () => expectGolden("export", ["export shop/web", "export shop/web shop/none"]));
});

test("documents are whole, whatever the width, and -o json says what -o yaml says", async () => {
  for (const line of [
    "get shop/web",
    "get -A",
    "tree shop/web",
    "trace deploy/web -n shop",
    "history shop/web",
    "events shop/web",
    "export -A",
  ]) {
    const json = await run(`${line} -o json`, { columns: 80 });
    const yaml = await run(`${line} -o yaml`, { columns: 80 });
    expect([json.code, yaml.code, json.err]).toEqual([0, 0, ""]);
    const items = (text: string) =>
      text
        .split(/^---$/m)
        .filter((part) => part.trim() !== "")
        .map((part) => parse(part));
    const [document] = items(json.out) as [{ items?: unknown[] }];
    expect(line === "export -A" ? items(yaml.out) : items(yaml.out)[0]).toEqual(
      line === "export -A" ? document.items : document,
    );
    expect(json.out + yaml.out).not.toContain(sentinel);
    // What a terminal obeys is escaped in both.
    expect(json.out + yaml.out).not.toMatch(/[\p{Cc}--\n]/v);
  }
});

describe("what is refused is said in a line", () => {
  const verbs = ["get web", "tree web", "history web", "events web", "logs web", "export web"];

  test("no such Application", async () => {
    for (const verb of verbs) {
      const { code, out, err } = await run(`${verb}x -n shop`);
      expect([verb, code, out, err]).toEqual([
        verb,
        1,
        "",
        "error: the cluster has no Application shop/webx\n",
      ]);
    }
    const { code, err } = await run("trace deployment webx -n shop");
    expect([code, err]).toEqual([
      2,
      "error: the cluster has no Deployment webx in namespace shop\n",
    ]);
  });

  test("no rights: who may not do what, and where", async () => {
    for (const line of [
      "get",
      "get web",
      "tree web",
      "history web",
      "logs web",
      "export",
      "trace deployment web",
    ]) {
      const { code, out, err } = await run(`${line} -n shop`, { kubeconfig: nobody });
      expect(code, line).toBe(line.startsWith("trace") ? 2 : 1);
      expect(out).toBe("");
      expect(err, line).toMatch(
        /^error: .*user jane may not (get|list) \S+ in namespace shop\.?\n$/,
      );
    }
    const { err } = await run("get -A", { kubeconfig: nobody });
    expect(err).toMatch(/may not list applications\.mooring\.dev in the whole cluster/);
  });

  test("a caller who may see a part sees it, and is told what else may be there", async () => {
    const kubeconfig = await plane.kubeconfigFor({ name: "half" });
    const rbac = "rbac.authorization.k8s.io";
    await create(
      {
        apiVersion: `${rbac}/v1`,
        kind: "Role",
        metadata: { namespace: "shop", name: "half" },
        rules: [
          { apiGroups: ["mooring.dev"], resources: ["applications"], verbs: ["get", "list"] },
          { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list"] },
        ],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata: { namespace: "shop", name: "half" },
        roleRef: { apiGroup: rbac, kind: "Role", name: "half" },
        subjects: [{ apiGroup: rbac, kind: "User", name: "half" }],
      },
    );
    await expectGolden("tree-half", ["tree shop/web"], { kubeconfig });
    const { out } = await run("tree shop/web -o json", { kubeconfig });
    const kinds = (JSON.parse(out) as { unreadable: { kind: string }[] }).unreadable.map(
      ({ kind }) => kind,
    );
    expect(kinds.sort()).toEqual(
      ["ConfigMap", "Pod", "ReplicaSet.apps", "Secret", "Service", "Widget.shop.example"].sort(),
    );
  });

  test("no cluster, no kubeconfig, no such context", async () => {
    const nowhere = join(plane.dir, "nowhere");
    const config = parse(await readFile(plane.adminKubeconfig, "utf8"));
    // Nothing listens on the port of nobody.
    config.clusters[0].cluster.server = "https://127.0.0.1:1";
    await writeFile(nowhere, stringify(config));
    const away = await run("get", { kubeconfig: nowhere });
    expect([away.code, away.out]).toEqual([1, ""]);
    expect(away.err).toMatch(
      /^error: https:\/\/127\.0\.0\.1:1 gave no answer: .*kubectl config current-context\n$/,
    );
    const missing = await run("get", { kubeconfig: "/nowhere/kubeconfig" });
    expect(missing).toMatchObject({ code: 1, out: "" });
    expect(missing.err).toContain("/nowhere/kubeconfig");
    const context = await run("get --context production");
    expect(context).toMatchObject({ code: 1, out: "" });
    expect(context.err).toContain('context "production"');
  });

  test("wrong use ends with 2, and asks nobody", async () => {
    for (const line of [
      "get --bogus",
      "get -o toml",
      "tree",
      "tree a b",
      "trace",
      "history",
      "get -n a -A",
    ]) {
      const { code, out, err } = await run(line, { kubeconfig: "/nowhere/kubeconfig" });
      expect([line, code, out]).toEqual([line, 2, ""]);
      expect(err).toMatch(/^error: /);
    }
    for (const [line, why] of [
      ["get a -A", "not both"],
      ["get a/b/c", "neither NAME nor NAMESPACE/NAME"],
      ["trace deployment", "give KIND NAME or KIND/NAME"],
      ["logs a --since yesterday", "not a duration"],
      ["logs a --tail -3", "not a number of lines"],
    ] as const)
      expect(await run(line)).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringContaining(why),
      });
  });
});

test("without Mooring in the cluster every verb says so", async () => {
  await plane.kubectl(["delete", "crd", "applications.mooring.dev", "--wait=false"]);
  await plane.kubectl([
    ...["patch", "application", "-n", "shop", "web", "broken", "looks-only"],
    ...["--type=merge", "-p", '{"metadata":{"finalizers":null}}'],
  ]);
  await plane.kubectl([
    ...["patch", "application", "-n", "team-b", longName],
    ...["--type=merge", "-p", '{"metadata":{"finalizers":null}}'],
  ]);
  await plane.kubectl(["wait", "--for=delete", "--timeout=60s", "crd/applications.mooring.dev"]);
  for (const line of ["get", "get web", "tree web", "history web", "events none", "export"])
    await expect
      .poll(() => run(`${line} -n shop`))
      .toMatchObject({
        code: 1,
        out: "",
        err: expect.stringMatching(
          /^error: the cluster has no Applications: the CRD applications\.mooring\.dev is not installed/,
        ),
      });
});
