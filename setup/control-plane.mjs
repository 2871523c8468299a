// Where the binaries of the embedded control plane are: the one place that set-up writes and
// the tests read. Plain JavaScript for Node 20, no dependencies: it runs before `npm ci`.
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(fileURLToPath(import.meta.url)), "modules");

/** Every program of the control plane, by the Go module of setup/modules that pins and builds it. */
export const programs = {
  etcd: ["etcd"],
  kubernetes: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"],
  kwok: ["kwok"],
};

const pinnedBy = {
  etcd: "go.etcd.io/etcd/server/v3",
  kubernetes: "k8s.io/kubernetes",
  kwok: "sigs.k8s.io/kwok",
};

/** The version of a component, such as `v1.36.3`, as its go.mod pins it. */
export function pinnedVersion(component) {
  const path = join(modules, component, "go.mod");
  const line = readFileSync(path, "utf8")
    .split("\n")
    .map((text) => text.replace(/^require /, "").trim())
    .find((text) => text.startsWith(`${pinnedBy[component]} v`));
  if (line === undefined) throw new Error(`${path} does not require ${pinnedBy[component]}`);
  return line.split(" ")[1];
}

/** `linux-amd64` and so on, in Go's words. */
export function platform() {
  const architectures = { x64: "amd64", arm64: "arm64" };
  return `${process.platform}-${architectures[process.arch] ?? process.arch}`;
}

/** The directory that keeps what set-up built: `$XDG_CACHE_HOME/mooring`, or `~/.cache/mooring`. */
export function cacheDirectory(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mooring");
}

/** Where the cache keeps a component's binaries, keyed by version and platform. */
export function componentDirectory(component, env = process.env) {
  return join(cacheDirectory(env), `${component}-${pinnedVersion(component)}-${platform()}`);
}

/**
 * Path of each program, by name: `$KUBEBUILDER_ASSETS` first (envtest's layout, which usually
 * holds etcd, kube-apiserver and kubectl only), then the cache. A program that is in neither
 * is absent from the answer.
 */
export function findControlPlaneBinaries(env = process.env) {
  const found = {};
  for (const [component, names] of Object.entries(programs)) {
    for (const name of names) {
      const candidates = [join(componentDirectory(component, env), name)];
      if (env.KUBEBUILDER_ASSETS) candidates.unshift(join(env.KUBEBUILDER_ASSETS, name));
      const path = candidates.find(isExecutable);
      if (path !== undefined) found[name] = path;
    }
  }
  return found;
}

/** As findControlPlaneBinaries, but all six are there, or it throws an error that says what to run. */
export function controlPlaneBinaries(env = process.env) {
  const found = findControlPlaneBinaries(env);
  const missing = Object.values(programs)
    .flat()
    .filter((name) => found[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`the control plane lacks ${missing.join(", ")}; run: node setup/main.mjs test`);
  }
  return found;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
