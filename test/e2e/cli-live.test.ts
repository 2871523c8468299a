/** The reading verbs beside a controller: by kubectl, as people call them, while things change. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { controlPlaneBinaries } from "../../setup/control-plane.mjs";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { mooring } from "./harness/command.ts";
import { type ContainerLogs, startContainerLogs } from "./harness/container-logs.ts";
import { configMap, deployment, manifest, secret, service } from "./harness/manifests.ts";
import type { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sentinel = "hunter2-sentinel";
const system = "mooring-system";

let world: World;
let tenant: Tenant;
let web: ApplicationHandle;
let first: string;
let logs: ContainerLogs;
let directory: string;
/** PATH of somebody who installed Mooring: both names, and the Node that they have. */
let env: Record<string, string>;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  world = await startWorld({ nodes: 1 });
  logs = await startContainerLogs(world.plane, "node-0", [system, "shop"]);
  directory = await mkdtemp(join(tmpdir(), "mooring-cli-"));
  const bin = join(directory, "bin");
  await mkdir(bin);
  for (const name of ["mooring", "kubectl-mooring"])
    await symlink(join(root, "bin/mooring.mjs"), join(bin, name));
  await symlink(process.execPath, join(bin, "node"));
  await symlink(controlPlaneBinaries().kubectl, join(bin, "kubectl"));
  env = { PATH: `${bin}:/usr/bin:/bin`, HOME: directory, KUBECONFIG: world.plane.adminKubeconfig };
  tenant = await world.createTenant("shop");
  web = await tenant.application("web", {
    files: {
      "deploy/web.yaml": manifest(
        deployment("web", { replicas: 2 }),
        service("web"),
        secret("login", { password: sentinel }),
      ),
    },
    spec: { owner: "team-shop" },
  });
  const ready = await web.ready();
  first = ready.status?.commit?.id ?? "";
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await logs?.stop();
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

async function shell(line: string, input?: string): Promise<Run> {
  const child = promisify(execFile)("/bin/bash", ["-c", line], {
    env,
    cwd: directory,
    maxBuffer: 64 << 20,
  });
  child.child.stdin?.end(input ?? "");
  const run = await child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Run) => ({ code, stdout, stderr }),
  );
  expect(run.stdout + run.stderr).not.toContain(sentinel);
  return run;
}

/** In this process, which is faster; as asked for by the same person. */
async function run(line: string): Promise<Run> {
  const { code, out, err } = await mooring(line.split(" "), {
    kubeconfig: world.plane.adminKubeconfig,
  });
  expect(out + err).not.toContain(sentinel);
  return { code, stdout: out, stderr: err };
}

/** Goes on until it is killed. @returns what it has said so far */
function begin(...args: string[]): () => string {
  const child = spawn(process.execPath, [join(root, "src/main.ts"), ...args], {
    env,
    cwd: directory,
  });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  return () => said;
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test("kubectl mooring is mooring: the same words, the same exit codes, the same completion", async () => {
  const { stdout, code } = await shell("kubectl mooring get -n shop");
  expect(code).toBe(0);
  expect(lines(stdout)[0]).toMatch(/^NAME +SYNC +HEALTH +REVISION +AGE$/);
  expect(lines(stdout)[1]).toMatch(
    new RegExp(`^web +Synced +Healthy +main@${first.slice(0, 10)} +\\d+[ms]`),
  );
  expect(await shell("mooring get -n shop web -o name")).toMatchObject({
    code: 0,
    stdout: "application.mooring.dev/web\n",
  });
  expect((await shell("kubectl mooring get -n shop nope")).code).toBe(1);
  expect((await shell("kubectl mooring tree")).code).toBe(2);
  await writeFile(
    join(directory, "bin/kubectl_complete-mooring"),
    '#!/bin/sh\nexec mooring __complete -- "$@"\n',
    { mode: 0o755 },
  );
  expect((await shell("kubectl __complete mooring get -n shop w 2>/dev/null")).stdout).toMatch(
    /^web\tSynced, Healthy\n:4\n/,
  );
});

test("bash completes verbs, flags, values and the cluster's names", async () => {
  await mkdir(join(directory, "manifests"), { recursive: true });
  const cases: [words: string[], completed: string[]][] = [
    [["hist"], ["history"]],
    [["tree", "-n", "shop", ""], ["web"]],
    [["get", "--output", "=", "y"], ["yaml"]],
    [["render", "mani"], ["manifests"]],
  ];
  const ask = cases.map(([words]) => {
    const list = ["mooring", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _mooring; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout, stderr } = await shell(["source <(mooring completion bash)", ...ask].join("; "));
  expect(stderr).toBe("");
  expect(lines(stdout)).toEqual(cases.map(([, completed]) => completed.join(" ")));
});

test("what completion asks for is answered from the cluster of the line, or with nothing", async () => {
  const kubeconfig = world.plane.adminKubeconfig;
  const completed = async (...words: string[]) => {
    const { code, out, err } = await mooring(["__complete", "--", ...words], { kubeconfig });
    expect([code, err]).toEqual([0, ""]);
    return lines(out).map((line) => line.split("\t")[0]);
  };
  expect(await completed("tree", "shop/")).toEqual(["shop/web", ":4"]);
  expect(await completed("get", "--all")).toEqual(["--all-namespaces", ":4"]);
  expect(await completed("get", "-o", "")).toEqual(["json", "yaml", "wide", "name", ":4"]);
  expect(await completed("get", "--output=")).toContain("--output=wide");
  expect(await completed("get", "--namespace", "sho")).toEqual(["shop", ":4"]);
  expect(await completed("get", "--context", "")).toEqual(["mooring", ":4"]);
  expect(await completed("get", "shop/web", "shop/")).toEqual([":4"]);
  // Neither is an error: a person pressed Tab.
  expect(await completed("get", "--kubeconfig", "/nowhere", "")).toEqual([":4"]);
  expect(await completed("gett", "")).toEqual([":4"]);
});

test("trace leads from a Pod to the commit, and says who drifted", async () => {
  const { stdout: name } = await shell(
    "kubectl get pods -n shop -l app=web -o jsonpath='{.items[0].metadata.name}'",
  );
  await shell("kubectl scale -n shop deployment/web --replicas=5");
  await web.told("DriftHealed");
  await web.ready(first);
  const { code, stdout } = await run(`trace pod/${name} -n shop`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Object: +Pod shop\/web-\S+$/m);
  expect(stdout).toMatch(
    /^Owned by: +ReplicaSet\.apps shop\/web-\S+\n +Deployment\.apps shop\/web$/m,
  );
  expect(stdout).toMatch(/^Application: +shop\/web \(Synced, (Healthy|Progressing)\)$/m);
  expect(stdout).toMatch(new RegExp(`^Revision: +main@sha1:${first}$`, "m"));
  expect(stdout).toMatch(/^Commit: +First\n +by Developer, \d{4}-/m);
  expect(stdout).toMatch(
    /^Last drift: +Deployment\.apps shop\/web, \S+ \(\S+ ago\), by kubectl\S*, healed\n +spec\.replicas$/m,
  );
  expect(stdout).toMatch(/^Fields: +kube-controller-manager \(Update/m);
  const document = JSON.parse((await run(`trace pod ${name} -n shop -o json`)).stdout);
  expect(document).toMatchObject({
    application: {
      name: "web",
      commit: { id: first },
      lastDrift: { manager: "kubectl", healed: true },
    },
    owners: [{ kind: "ReplicaSet" }, { kind: "Deployment", name: "web" }],
  });
  const other = await run("trace cm kube-root-ca.crt -n shop");
  expect(other.code).toBe(1);
  expect(other.stdout).toContain(
    "no Application's of Mooring; its fields were written by kube-controller-manager",
  );
});

test("tree shows the Pods of a Deployment and the endpoints of a Service, each with its health", async () => {
  const seen = await waitFor(
    "all of web to be healthy",
    async () => (await run("tree shop/web")).stdout,
    (text) => {
      const [, ...rows] = lines(text);
      return rows.length === 8 && rows.every((row) => / Healthy /.test(row));
    },
  );
  const names = lines(seen)
    .slice(1)
    .map((line) => /^([^A-Z]*[A-Za-z]+)\//.exec(line)?.[1]);
  expect(names).toEqual([
    ...["Application", "├─Deployment", "│ └─ReplicaSet", "│   ├─Pod", "│   └─Pod"],
    ...["├─Secret", "└─Service", "  └─EndpointSlice"],
  ]);
});

describe("what goes on", () => {
  test("get --watch prints a row for each change, events --watch each Event, in their order", async () => {
    const rows = begin("get", "-n", "shop", "--watch");
    const events = begin("events", "shop/web", "--watch");
    const states = begin("get", "web", "-n", "shop", "-w", "-o", "json");
    await waitFor("the first row", rows, (text) => / Healthy /.test(text));
    await waitFor("the first Event", events, (text) => / Synced /.test(text));
    await waitFor("the first state", states, (text) => text.includes(first));
    const second = await web.deploy(
      {
        "deploy/web.yaml": manifest(
          deployment("web", { replicas: 1 }),
          service("web"),
          secret("login", { password: sentinel }),
        ),
      },
      { message: "One is enough" },
    );
    const short = second.slice(0, 10);
    const seen = await waitFor("its row", rows, (text) =>
      new RegExp(`Healthy +main@${short}`).test(text),
    );
    // The header once; no row twice, its age aside.
    expect(seen.match(/NAME/g)).toHaveLength(1);
    const shown = lines(seen).map((line) => line.replace(/\S+$/, ""));
    for (const [at, line] of shown.entries()) if (at > 0) expect(line).not.toBe(shown[at - 1]);
    const told = await waitFor("its Event", events, (text) =>
      text.includes(`At revision main@sha1:${second}`),
    );
    expect(told.indexOf(first)).toBeLessThan(told.indexOf(second));
    expect(told.match(/LAST SEEN/g)).toHaveLength(1);
    await waitFor("its state", states, (text) => text.includes(second));
    expect(rows() + events() + states()).not.toContain(sentinel);
  });

  test("history has both revisions, the newest first", async () => {
    const { stdout } = await run("history shop/web");
    expect(lines(stdout).slice(1)).toHaveLength(2);
    expect(lines(stdout)[1]).toMatch(/ Healthy .* One is enough$/);
    expect(lines(stdout)[2]).toMatch(new RegExp(`^main@${first.slice(0, 10)} .* First$`));
  });

  test("events have the newest last", async () => {
    const { stdout } = await run("events shop/web -o json");
    const { items } = JSON.parse(stdout) as { items: { eventTime: string; reason: string }[] };
    const times = items.map(({ eventTime }) => eventTime);
    expect(times).toEqual(times.toSorted());
    expect(items.map(({ reason }) => reason)).toContain("DriftHealed");
  });
});

describe("logs", () => {
  /** The controller's log so far, as the one that is printed by its Pod. */
  let taken = 0;
  async function takeOver(): Promise<void> {
    const all = lines(await world.controller.log()).filter((line) => line.startsWith("{"));
    await logs.say(system, new Date().toISOString(), ...all.slice(taken));
    taken = all.length;
  }

  beforeAll(async () => {
    const overlay = join(root, "deploy/overlays/cluster-wide");
    const shipped = parseAllDocuments(await world.plane.kubectl(["kustomize", overlay])).map(
      (one) => one.toJS(),
    );
    const controller = shipped.find(({ kind }) => kind === "Deployment");
    controller.spec.replicas = 1;
    await world.plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(controller));
    await world.plane.kubectl([
      "rollout",
      "status",
      "-n",
      system,
      "deployment/mooring",
      "--timeout=60s",
    ]);
    await tenant
      .application("other", { files: { "deploy/x.yaml": manifest(configMap("other", {})) } })
      .then((other) => other.ready());
  });

  test("of the controller: the lines about this application and no other, readable or as they are", async () => {
    await takeOver();
    const { stdout, code } = await run("logs shop/web");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\S+Z {2}info {3}cloned at \S+ "First" by Developer {2}stage=fetch ms=\d+$/m,
    );
    expect(stdout).toMatch(
      /object="Deployment\.apps shop\/web" fields=\["spec\.replicas"\] manager=kubectl/,
    );
    expect(stdout).not.toContain("shop/other");
    const raw = lines((await run("logs shop/web -o json --tail 3")).stdout).map((line) =>
      JSON.parse(line),
    );
    expect(raw).toHaveLength(3);
    expect(new Set(raw.map(({ app }) => app))).toEqual(new Set(["shop/web"]));
    expect((await run("logs shop/web --since 1s --tail 1")).code).toBe(0);
  });

  test("--follow goes on with what is said next, and says nothing twice", async () => {
    const said = begin("logs", "shop/web", "--follow");
    await waitFor("what was said before", said, (text) => text.includes("cloned at"));
    const before = lines(said());
    const next = await web.push({ "deploy/more.yaml": manifest(configMap("more", {})) });
    await web.ready(next);
    await takeOver();
    const all = await waitFor("what is said next", said, (text) =>
      text.includes('object="ConfigMap shop/more" outcome=created'),
    );
    expect(lines(all).slice(0, before.length)).toEqual(before);
    expect(new Set(lines(all)).size).toBe(lines(all).length);
  });

  test("--pods: of the application's own containers, with no command to the terminal in it", async () => {
    await logs.say("shop", "2026-01-01T00:00:00Z", "ready to serve \u001b[31mred", "", "served");
    const { stdout, code } = await run("logs shop/web --pods");
    expect(code).toBe(0);
    expect(stdout).toBe("ready to serve \ufffd[31mred\n\nserved\n");
    const [line = ""] = lines((await run("logs shop/web --pods --tail 1 -o json")).stdout);
    expect(JSON.parse(line)).toMatchObject({ namespace: "shop", container: "app", text: "served" });
    const none = await run("logs shop/other --pods");
    expect(none).toMatchObject({ code: 0, stdout: "", stderr: "shop/other has no Pods.\n" });
  });

  test("of a controller that is somewhere else: says how to find it", async () => {
    const { code, stderr } = await run("logs shop/web --controller-namespace shop");
    expect(code).toBe(1);
    expect(stderr).toContain("--controller-namespace says where the controller runs");
  });
});

test("what export prints makes the same Applications again", async () => {
  const { stdout: text, code } = await run("export -A");
  expect(code).toBe(0);
  for (const word of [
    "status:",
    "uid",
    "managedFields",
    "resourceVersion",
    "creationTimestamp",
    "finalizers",
    "applyset",
  ])
    expect(text).not.toContain(word);
  await web.configure({ deletionPolicy: "orphan" });
  await web.delete();
  await web.gone();
  const applied = await shell("kubectl apply --server-side -f -", text);
  expect(applied).toMatchObject({ code: 0, stderr: "" });
  await web.ready();
  expect((await run("export -A")).stdout).toBe(text);
});
