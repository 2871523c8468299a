/**
 * What the reading verbs print, to the letter, at 80 and 200 columns and where there is no
 * terminal: of objects on a real apiserver, with no controller that changes them. The golden files
 * are written anew by `vitest -u`; what is in them is what people see.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { type CommandOptions, mooring, type Said } from "./harness/command.ts";
import { createIn, longName, now, populate, sentinel } from "./harness/estate.ts";
import { installMooring } from "./harness/installation.ts";

let plane: ControlPlane;
let nobody: string;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false });
  await installMooring(plane);
  await populate(plane);
  nobody = await plane.kubeconfigFor({ name: "jane" });
});
afterAll(async () => {
  await plane?.stop();
});

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
    await createIn(
      plane,
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
