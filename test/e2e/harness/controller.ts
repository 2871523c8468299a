/** The controller as users run it: a process of its own, under the RBAC that it ships with. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import type { SupervisedChild, Supervisor } from "../../cluster/supervisor.ts";
import { account } from "./installation.ts";
import { parseMetrics, type Sample } from "./metrics.ts";
import { waitFor } from "./wait.ts";

const sources = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const readyDeadlineMs = 120_000;

export interface ControllerOptions {
  /** Holder of its Leases: the same one comes back at once, another waits for them to run out. */
  identity?: string;
  /** Further flags of `mooring controller`. */
  flags?: readonly string[];
  /** Path of another kubeconfig than one straight to the apiserver. */
  kubeconfig?: string;
  /** Flags of Node itself: `--cpu-prof`. */
  nodeFlags?: readonly string[];
  /** Of its environment, besides PATH and HOME. */
  env?: Readonly<Record<string, string>>;
  /** Path of its main module. Default: the sources'. */
  main?: string;
}

export interface RunningController {
  readonly pid: number;
  readonly identity: string;
  /** Its log so far: JSON documents. */
  log(): Promise<string>;
  metrics(): Promise<Sample[]>;
  /** Body and status of `/readyz`, `/healthz`. */
  probe(path: string): Promise<{ status: number; body: string }>;
  /** Its end, wanted or not. */
  readonly ended: Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and waits for its end. @returns its exit code, null after a SIGKILL */
  end(signal?: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts controllers of one control plane, one after another or beside each other. */
export class Controllers {
  readonly #supervisor: Supervisor;
  readonly #plane: ControlPlane;
  #started = 0;

  constructor(supervisor: Supervisor, plane: ControlPlane) {
    this.#supervisor = supervisor;
    this.#plane = plane;
  }

  /** @throws Error with the end of its log when it does not become ready */
  async start(options: ControllerOptions = {}): Promise<RunningController> {
    const { identity = "replica-0", flags = [], nodeFlags = [], main = sources } = options;
    this.#started += 1;
    const name = `controller-${this.#started}`;
    const logPath = join(this.#supervisor.directory, `${name}.log`);
    const dataDir = join(this.#supervisor.directory, `${name}-data`);
    await mkdir(dataDir);
    const kubeconfig = options.kubeconfig ?? (await this.#plane.kubeconfigFor(account));
    const child = this.#supervisor.start({
      name,
      tier: 1,
      command: process.execPath,
      args: [
        ...nodeFlags,
        ...[main, "controller", "--kubeconfig", kubeconfig, "--namespace", account.namespace],
        ...["--listen", "127.0.0.1:0", "--identity", identity],
        ...["--data-dir", dataDir, ...flags],
      ],
      log: logPath,
      env: { PATH: "/usr/bin:/bin", HOME: dataDir, ...options.env },
    });
    const log = () => readFile(logPath, "utf8").catch(() => "");
    let port = 0;
    await waitFor(
      "the controller to be ready",
      async () => {
        const text = await log();
        if (child.end !== undefined) return "ended";
        port = Number(/"port":(\d+)/.exec(text)?.[1] ?? 0);
        return port > 0 && (await probe(port, "/readyz")).status === 200
          ? "ready"
          : text.slice(-2000);
      },
      (seen) => seen === "ready" || seen === "ended",
      readyDeadlineMs,
    );
    if (child.end !== undefined)
      throw new Error(`the controller ended: ${(await log()).slice(-2000)}`);
    return running(child, port, identity, log);
  }
}

function running(
  child: SupervisedChild,
  port: number,
  identity: string,
  log: () => Promise<string>,
): RunningController {
  const { pid } = child;
  if (pid === undefined) throw new Error("the controller has no process id");
  return {
    pid,
    identity,
    log,
    metrics: async () => parseMetrics((await probe(port, "/metrics")).body),
    probe: (path) => probe(port, path),
    ended: child.ended,
    signal: (signal) => child.kill(signal),
    async end(signal = "SIGTERM") {
      child.kill(signal);
      return (await child.ended).code;
    },
  };
}

async function probe(port: number, path: string): Promise<{ status: number; body: string }> {
  const answer = await request(`http://127.0.0.1:${port}${path}`);
  return { status: answer.statusCode, body: await answer.body.text() };
}
