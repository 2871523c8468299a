/** The controller under the tour: a child process, with the rights that deploy/ gives it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SupervisedChild, Supervisor } from "../test/cluster/supervisor.ts";
import type { LogFile } from "./log-file.ts";
import { Unexpected } from "./steps.ts";

export interface ControllerProcess {
  readonly child: SupervisedChild;
  readonly log: LogFile;
  /** `http://127.0.0.1:PORT` of /healthz, /readyz and /metrics. */
  readonly url: string;
}

export interface ControllerOptions {
  readonly supervisor: Supervisor;
  readonly kubeconfig: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  readonly log: LogFile;
}

/** Resolves once it listens and holds its Lease. @throws Unexpected when it ends instead */
export async function startController(options: ControllerOptions): Promise<ControllerProcess> {
  const { supervisor, kubeconfig, env, deadlineMs, log } = options;
  const listening = log.first((line) => line.msg === "mooring controller listens", deadlineMs);
  const leading = log.first((line) => line.msg === "Lease acquired", deadlineMs);
  const child = supervisor.start({
    name: "mooring controller",
    tier: 0,
    command: process.execPath,
    args: [
      fileURLToPath(new URL("../src/main.ts", import.meta.url)),
      "controller",
      `--kubeconfig=${kubeconfig}`,
      "--listen=127.0.0.1:0",
      `--data-dir=${join(supervisor.directory, "controller")}`,
    ],
    log: log.path,
    env: { PATH: env.PATH ?? "/usr/bin:/bin", HOME: supervisor.directory },
  });
  const ended = child.ended.then((end) => {
    const how = end.error ?? end.signal ?? `code ${end.code}`;
    throw new Unexpected("a running controller", `it ended (${how})`);
  });
  // Its end at the end of the tour is no failure.
  ended.catch(() => {});
  const [{ port }] = await Promise.race([Promise.all([listening, leading]), ended]);
  return { child, log, url: `http://127.0.0.1:${String(port)}` };
}
