/**
 * Logs of simulated containers, from the kubelet's place: a second kwok that keeps no Node or Pod
 * and only serves what the apiserver asks a kubelet for.
 */
import { appendFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { freePort } from "../../cluster/ports.ts";
import { Supervisor } from "../../cluster/supervisor.ts";
import { waitFor } from "./wait.ts";

const stages = fileURLToPath(new URL("../../cluster/stages/kwok-fast.yaml", import.meta.url));
const attempts = 5;

export interface ContainerLogs {
  /** Lines that every container of the namespace says from now on. @param time RFC 3339, the first one's */
  say(namespace: string, time: string, ...lines: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param node whose kubelet it stands for
 * @param namespaces whose containers have a log, one for all of them
 */
export async function startContainerLogs(
  plane: ControlPlane,
  node: string,
  namespaces: readonly string[],
): Promise<ContainerLogs> {
  const supervisor = await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-logs-") });
  const fileOf = (namespace: string) => join(supervisor.directory, `${namespace}.log`);
  const rules = namespaces.map((namespace) => ({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "ClusterLogs",
    metadata: { name: namespace },
    spec: {
      selector: { matchNamespaces: [namespace] },
      logs: [{ logsFile: fileOf(namespace), follow: true }],
    },
  }));
  const config = join(supervisor.directory, "logs.yaml");
  await writeFile(config, rules.map((rule) => stringify(rule)).join("---\n"));
  for (const namespace of namespaces) await writeFile(fileOf(namespace), "");
  try {
    const port = await listening(supervisor, plane, config);
    // The apiserver asks for the Hostname first, which is the Node's name and no host's.
    const addresses = ["Hostname", "InternalIP"].map((type) => ({ type, address: "127.0.0.1" }));
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
    await plane.kubectl([
      ...["patch", "node", node, "--subresource=status", "--type=merge"],
      ...["-p", JSON.stringify({ status })],
    ]);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  let said = 0;
  return {
    async say(namespace, time, ...lines) {
      const second = time.slice(0, 19);
      // As a container runtime writes it; no two at the same time, in whatever second they come.
      const text = lines.map((line) => {
        said += 1;
        return `${second}.${String(said).padStart(9, "0")}Z stdout F ${line}\n`;
      });
      await appendFile(fileOf(namespace), text.join(""));
    },
    stop: () => supervisor.stop(),
  };
}

/** @returns the port; another process may take it first, then another one is tried */
async function listening(
  supervisor: Supervisor,
  plane: ControlPlane,
  config: string,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = supervisor.start({
      name: `kubelet-${attempt}`,
      tier: 1,
      command: controlPlaneBinaries().kwok,
      args: [
        `--kubeconfig=${plane.adminKubeconfig}`,
        "--manage-nodes-with-label-selector=mooring.test/kept-by=nobody",
        `--server-address=127.0.0.1:${port}`,
        `--config=${stages}`,
        `--config=${config}`,
      ],
      log: join(supervisor.directory, `kubelet-${attempt}.log`),
      env: { PATH: "/usr/bin:/bin", HOME: supervisor.directory },
    });
    const seen = await waitFor(
      "the kubelet's place to be taken",
      async () => {
        if (child.end !== undefined) return "ended";
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
        return answer?.ok === true ? "ready" : "starting";
      },
      (state) => state !== "starting",
    );
    if (seen === "ready") return port;
    if (attempt === attempts) throw new Error("kwok did not begin to serve logs");
  }
}
