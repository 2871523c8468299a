// Where the binaries of the embedded control plane, of the official renderers and of promtool are:
// the one place that set-up writes and the tests read. Plain JavaScript for Node 20, no dependencies: it runs before `npm ci`.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
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

/** The programs that our renders are compared with; running Mooring needs none of them. */
export const officialRenderers = { kustomize: ["kustomize"], helm: ["helm"] };

/** The program that alert rules and dashboards are tested with; running Mooring needs it not. */
export const monitoringTools = { prometheus: ["promtool"] };

const pinnedBy = {
  etcd: "go.etcd.io/etcd/server/v3",
  kubernetes: "k8s.io/kubernetes",
  kwok: "sigs.k8s.io/kwok",
  kustomize: "sigs.k8s.io/kustomize/kustomize/v5",
  helm: "helm.sh/helm/v4",
  prometheus: "github.com/prometheus/prometheus",
};

/**
 * The Go module that pins a component. For Kubernetes `$MOORING_KUBERNETES` may name another
 * minor version than that of setup/modules/kubernetes, such as `1.31`: setup/modules has a
 * module for each that can be chosen.
 * @throws Error with the minor versions that there are
 */
export function moduleDirectory(component, env = process.env) {
  const directory = join(modules, component);
  const wanted = component === "kubernetes" ? env.MOORING_KUBERNETES : undefined;
  if (!wanted || wanted === minorOf(requiredVersion(component, directory))) return directory;
  const other = join(modules, `${component}-${wanted}`);
  if (!/^\d+\.\d+$/.test(wanted) || !existsSync(other)) {
    throw new Error(`MOORING_KUBERNETES is ${wanted}; it can be ${kubernetesMinors().join(", ")}`);
  }
  return other;
}

/** The minor versions of Kubernetes that `$MOORING_KUBERNETES` can name, the oldest first. */
export function kubernetesMinors() {
  return readdirSync(modules)
    .filter((name) => name === "kubernetes" || name.startsWith("kubernetes-"))
    .map((name) => minorOf(requiredVersion("kubernetes", join(modules, name))))
    .sort((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1]));
}

/** The version of a component, such as `v1.36.3`, as its go.mod pins it. */
export function pinnedVersion(component, env = process.env) {
  return requiredVersion(component, moduleDirectory(component, env));
}

/** `1.36` of `v1.36.3`. */
function minorOf(version) {
  return version.slice(1).split(".").slice(0, 2).join(".");
}

function requiredVersion(component, directory) {
  const path = join(directory, "go.mod");
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
  return join(cacheDirectory(env), `${component}-${pinnedVersion(component, env)}-${platform()}`);
}

/**
 * Path of each program, by name: `$KUBEBUILDER_ASSETS` first (envtest's layout, which usually
 * holds etcd, kube-apiserver and kubectl only), then the cache. A program that is in neither
 * is absent from the answer. Where `$MOORING_KUBERNETES` asks for a version, a Kubernetes of
 * another one in `$KUBEBUILDER_ASSETS` does not count.
 * @param wanted programs by component; every component of the control plane unless given
 */
export function findBinaries(env = process.env, wanted = programs) {
  const found = {};
  for (const [component, names] of Object.entries(wanted)) {
    const directories = [componentDirectory(component, env)];
    if (assetsServe(component, env)) directories.unshift(env.KUBEBUILDER_ASSETS);
    for (const name of names) {
      const path = directories.map((directory) => join(directory, name)).find(isExecutable);
      if (path !== undefined) found[name] = path;
    }
  }
  return found;
}

function assetsServe(component, env) {
  const { KUBEBUILDER_ASSETS: assets, MOORING_KUBERNETES: wanted } = env;
  if (!assets || component !== "kubernetes" || !wanted) return Boolean(assets);
  const apiServer = join(assets, "kube-apiserver");
  const { stdout } = spawnSync(apiServer, ["--version"], { encoding: "utf8" });
  return stdout?.startsWith(`Kubernetes v${wanted}.`) ?? false;
}

/** Path of each program of the control plane, or it throws an error that says what to run. */
export function controlPlaneBinaries(env = process.env) {
  return allOf(programs, "the control plane lacks", env);
}

/** Paths of the official kustomize and Helm, or it throws an error that says what to run. */
export function officialRendererBinaries(env = process.env) {
  return allOf(officialRenderers, "the official renderers lack", env);
}

/** Path of promtool, or it throws an error that says what to run. */
export function monitoringToolBinaries(env = process.env) {
  return allOf(monitoringTools, "the monitoring tools lack", env);
}

function allOf(wanted, lacking, env) {
  const found = findBinaries(env, wanted);
  const missing = Object.values(wanted)
    .flat()
    .filter((name) => found[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`${lacking} ${missing.join(", ")}; run: node setup/main.mjs test`);
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
