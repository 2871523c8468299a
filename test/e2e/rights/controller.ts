/** A controller that may lack a right, and so may never become ready. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import type { SupervisedChild, Supervisor } from "../../cluster/supervisor.ts";
import { account } from "../harness/installation.ts";
import { waitFor } from "../harness/wait.ts";

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

export interface Attempt {
  readonly child: SupervisedChild;
  log(): Promise<string>;
  /** Status of `/readyz`; 0 while nobody listens. */
  readiness(): Promise<number>;
  metrics(): Promise<string>;
  ready(): Promise<void>;
  end(): Promise<void>;
}

let started = 0;

/** @param env of the overlay's Deployment */
export async function attempt(
  supervisor: Supervisor,
  plane: ControlPlane,
  env: Readonly<Record<string, string>>,
  identity: string,
): Promise<Attempt> {
  started += 1;
  const place = join(supervisor.directory, `attempt-${started}`);
  await mkdir(place);
  const path = join(place, "log");
  const child = supervisor.start({
    name: `attempt-${started}`,
    tier: 1,
    command: process.execPath,
    args: [main, "controller"],
    log: path,
    env: {
      ...env,
      PATH: "/usr/bin:/bin",
      HOME: place,
      KUBECONFIG: await plane.kubeconfigFor(account),
      MOORING_NAMESPACE: account.namespace,
      MOORING_IDENTITY: identity,
      MOORING_DATA_DIR: join(place, "data"),
      MOORING_LISTEN: "127.0.0.1:0",
      MOORING_LEASE_DURATION: "5s",
      MOORING_LEASE_RENEW: "500ms",
    },
  });
  const log = () => readFile(path, "utf8").catch(() => "");
  const ask = async (what: string): Promise<{ status: number; text: string }> => {
    const port = /"port":(\d+)/.exec(await log())?.[1];
    if (port === undefined) return { status: 0, text: "" };
    const { statusCode: status, body } = await request(`http://127.0.0.1:${port}${what}`);
    return { status, text: await body.text() };
  };
  const readiness = async () => (await ask("/readyz")).status;
  return {
    child,
    log,
    readiness,
    metrics: async () => (await ask("/metrics")).text,
    ready: async () => {
      await waitFor("the controller to be ready", readiness, (status) => status === 200, 60_000);
    },
    async end() {
      child.kill("SIGKILL");
      await child.ended;
    },
  };
}
