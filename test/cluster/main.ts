/** `npm run cluster`: only the control plane, in the foreground. */
import { Command, InvalidArgumentError } from "commander";
import { provideControlPlane } from "../../setup/binaries.mjs";
import { kubernetesMinors } from "../../setup/control-plane.mjs";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
import { onParentEnd } from "./parent.ts";

const { dir, nodes, port, kubernetes } = new Command("npm run cluster --")
  .description("Runs a real Kubernetes control plane until it is interrupted.")
  .requiredOption("--dir <directory>", "where it keeps its data and writes kubeconfig")
  .option("--nodes <count>", "simulated nodes", wholeNumber(0, 1000), 1)
  .option("--port <port>", "port of the API server (default: a free one)", wholeNumber(1, 65535))
  .option(
    "--kubernetes <minor>",
    `minor version (${kubernetesMinors().join(", ")}), built when it is asked for first; also $MOORING_KUBERNETES`,
  )
  .parse()
  .opts<{ dir: string; nodes: number; port?: number; kubernetes?: string }>();

const building = new AbortController();
const interrupted = Promise.withResolvers<string>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interrupted.resolve(signal));
}
if (process.env.npm_lifecycle_event !== undefined) {
  onParentEnd(() => interrupted.resolve("npm has ended"));
}

const env = kubernetes ? { ...process.env, MOORING_KUBERNETES: kubernetes } : process.env;
const starting = start({ dir, nodes, fsync: true, env, ...(port === undefined ? {} : { port }) });
starting.catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
// Interrupted while it starts: the end of this process ends what was started.
const plane = await Promise.race([starting, interrupted.promise]);
if (typeof plane === "string") {
  building.abort(new Error("interrupted"));
  process.exit(130);
}

console.log(`Control plane ready: ${plane.server}

  export KUBECONFIG=${plane.adminKubeconfig}
  kubectl get nodes

Every request is in ${plane.auditLog}.
Ctrl-C ends it; the same --dir takes its data up again.`);

// Sockets and the supervisor alone would not keep this process alive.
const alive = setInterval(() => {}, 2 ** 30);
await interrupted.promise;
clearInterval(alive);
console.log("Ending the control plane ...");
await plane.stop();

async function start(options: ControlPlaneOptions): Promise<ControlPlane> {
  // What `precluster` provided is of the version that the environment asks for.
  await provideControlPlane({ signal: building.signal, env });
  return startControlPlane(options);
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is expected.`);
    }
    return value;
  };
}
