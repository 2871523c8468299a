import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlPlaneBinaries } from "../../setup/control-plane.mjs";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { runKubectl } from "../cluster/kubectl.ts";
import { freePort } from "../cluster/ports.ts";

const endDeadlineMs = 60_000;

async function until<T>(what: string, deadlineMs: number, look: () => Promise<T | undefined>) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(100);
  }
}

/** @param progressDeadlineSeconds short where the rollout is meant to fail, and only there */
function deployment(name: string, image: string, progressDeadlineSeconds = 600): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 3,
      progressDeadlineSeconds,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image }] },
      },
    },
  });
}

interface Pod {
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state: { readonly waiting?: { readonly reason: string } };
    }[];
  };
}

describe("a control plane with simulated nodes", () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane({ nodes: 2 });
  });
  afterAll(() => plane?.stop());

  const pods = async (app: string): Promise<readonly Pod[]> => {
    const listed = await plane.kubectl(["get", "pods", "-o=json", `--selector=app=${app}`]);
    return (JSON.parse(listed) as { items: Pod[] }).items;
  };
  const notProgressing = (name: string) =>
    plane.kubectl([
      "wait",
      "--for=jsonpath={.status.conditions[?(@.type=='Progressing')].reason}=ProgressDeadlineExceeded",
      "--timeout=120s",
      `deployment/${name}`,
    ]);

  test("brings a Deployment of three to ready", async () => {
    await plane.kubectl(["apply", "-f", "-"], deployment("good", "shop:1"));
    await plane.kubectl(["rollout", "status", "--timeout=120s", "deployment/good"]);
    expect((await pods("good")).map((pod) => pod.status.phase)).toEqual([
      "Running",
      "Running",
      "Running",
    ]);
  });

  test("lets pods whose image is tagged :broken crash-loop, and their Deployment fail", async () => {
    await plane.kubectl(["apply", "-f", "-"], deployment("bad", "registry:5000/shop:broken", 3));
    await notProgressing("bad");
    for (const pod of await pods("bad")) {
      const [container] = pod.status.containerStatuses ?? [];
      expect(pod.status.phase).toBe("Running");
      expect(container).toMatchObject({ ready: false });
      expect(container?.state.waiting?.reason).toBe("CrashLoopBackOff");
      expect(container?.restartCount).toBeGreaterThan(0);
    }
  });

  test("lets pods whose image is tagged :slow hang, and their Deployment fail", async () => {
    await plane.kubectl(["apply", "-f", "-"], deployment("slow", "shop:slow", 3));
    await notProgressing("slow");
    for (const pod of await pods("slow")) {
      expect(pod.status.phase).toBe("Pending");
      expect(pod.status.containerStatuses?.[0]?.state.waiting?.reason).toBe("ContainerCreating");
    }
  });

  test("recovers a Deployment whose image is mended, and deletes pods that were scaled away", async () => {
    await plane.kubectl(["apply", "-f", "-"], deployment("mended", "shop:broken"));
    await plane.kubectl(["set", "image", "deployment/mended", "app=shop:2"]);
    await plane.kubectl(["scale", "deployment/mended", "--replicas=1"]);
    await plane.kubectl(["rollout", "status", "--timeout=120s", "deployment/mended"]);
    await until("the other pods to go", 120_000, async () =>
      (await pods("mended")).length === 1 ? true : undefined,
    );
  });

  test("gives a user and a ServiceAccount only what RBAC grants them", async () => {
    const as = async (user: Parameters<ControlPlane["kubeconfigFor"]>[0], args: string[]) =>
      plane.kubectl([...args, `--kubeconfig=${await plane.kubeconfigFor(user)}`]);
    const alice = { name: "alice", groups: ["developers"] };
    await expect(as(alice, ["get", "pods"])).rejects.toThrow('User "alice" cannot list');
    await plane.kubectl([
      ...["create", "rolebinding", "readers", "--clusterrole=view"],
      ...["--group=developers", "--serviceaccount=default:default"],
    ]);
    await as(alice, ["get", "pods"]);
    const account = { serviceAccount: "default", namespace: "default" };
    await as(account, ["get", "pods"]);
    await expect(as(account, ["get", "nodes"])).rejects.toThrow(
      'User "system:serviceaccount:default:default" cannot list',
    );
  });

  test("writes every answered request to the audit log, once", async () => {
    await plane.kubectl(["create", "configmap", "counted"]);
    const events = (await readFile(plane.auditLog, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const writes = events.filter(
      ({ verb, objectRef }) =>
        verb === "create" && (objectRef as { name?: string } | undefined)?.name === "counted",
    );
    expect(writes).toHaveLength(1);
    expect(writes[0]).toMatchObject({
      stage: "ResponseComplete",
      level: "Metadata",
      user: { username: "admin" },
    });
  });

  test("stands beside a second one without touching it", async () => {
    await using other = await startControlPlane({ workloads: false });
    expect(other.server).not.toBe(plane.server);
    await other.kubectl(["create", "namespace", "elsewhere"]);
    await expect(plane.kubectl(["get", "namespace", "elsewhere"])).rejects.toThrow("not found");
  });
});

/** Processes, by id, whose command line names a text. */
async function processesNaming(text: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")),
  );
  return ids.filter((_, index) => lines[index]?.includes(text));
}

function run(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

describe("the end of the owner", () => {
  test("by kill -9 ends every process and removes the temporary directory", async () => {
    const script = `
      import { startControlPlane } from ${JSON.stringify(new URL("../cluster/control-plane.ts", import.meta.url).href)};
      const plane = await startControlPlane({ nodes: 1 });
      console.log(plane.dir);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const directory = line.toString().trim();
    expect(await processesNaming(directory)).toHaveLength(5);
    owner.kill("SIGKILL");
    await until("all to end", endDeadlineMs, async () =>
      (await processesNaming(directory)).length === 0 && !existsSync(directory) ? true : undefined,
    );
  });
});

describe("npm run cluster", () => {
  const main = fileURLToPath(new URL("../cluster/main.ts", import.meta.url));
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "mooring-run-cluster-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const kubectl = (...args: string[]) =>
    runKubectl({
      command: controlPlaneBinaries().kubectl,
      kubeconfig: join(dir, "kubeconfig"),
      cacheDirectory: join(dir, "client"),
      args,
    });
  const ready = () =>
    until("kubeconfig", 60_000, async () =>
      existsSync(join(dir, "kubeconfig")) ? true : undefined,
    );
  const end = async (owner: ChildProcess, signal: NodeJS.Signals) => {
    const exited = once(owner, "exit");
    owner.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(await processesNaming(dir)).toEqual([]);
  };

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "writes kubeconfig once it is ready, takes up its data again, and ends on %s",
    async (signal) => {
      await rm(join(dir, "kubeconfig"), { force: true });
      const port = await freePort();
      const owner = run(main, "--dir", dir, "--nodes", "2", "--port", String(port));
      await ready();
      expect(await readFile(join(dir, "kubeconfig"), "utf8")).toContain(`127.0.0.1:${port}`);
      const nodes = await kubectl("get", "nodes", "--no-headers");
      expect(nodes.match(/ Ready /g)).toHaveLength(2);
      const seen = await kubectl("get", "namespaces", "--output=name");
      if (signal === "SIGINT") expect(seen).not.toContain("kept");
      else expect(seen).toContain("kept-sigint");
      await kubectl("create", "namespace", `kept-${signal}`.toLowerCase());
      await end(owner, signal);
    },
  );

  test("refuses a directory that another one uses", async () => {
    await rm(join(dir, "kubeconfig"), { force: true });
    const owner = run(main, "--dir", dir);
    await ready();
    const second = spawn(process.execPath, [main, "--dir", dir], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [said] = (await once(second.stderr, "data")) as [Buffer];
    expect(said.toString()).toContain(`${dir} is in use by process`);
    await end(owner, "SIGTERM");
  });
});
