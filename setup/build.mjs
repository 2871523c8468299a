// Builds the control plane, the official renderers and promtool from their sources, as the Go
// modules in setup/modules pin them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "./child.mjs";
import { moduleDirectory } from "./control-plane.mjs";

const packages = {
  etcd: (name) => ({ etcd: "go.etcd.io/etcd/server/v3" })[name],
  kubernetes: (name) => `k8s.io/kubernetes/cmd/${name}`,
  kwok: (name) => `sigs.k8s.io/kwok/cmd/${name}`,
  kustomize: () => "sigs.k8s.io/kustomize/kustomize/v5",
  helm: () => "helm.sh/helm/v4/cmd/helm",
  prometheus: (name) => `github.com/prometheus/prometheus/cmd/${name}`,
};

/** Go's own name for a main package whose path ends in a major version is that path's last word. */
const builtAs = { etcd: "server" };

/** Without the service discoveries of a score of clouds, which promtool needs for no rule: a fifth fewer packages. */
const tags = { prometheus: ["-tags", "remove_all_sd"] };

/** As the projects' own builds say their version: templates, labels and /version show it. */
function linkerFlags(component, version) {
  const variables = Object.entries(versionVariables(component, version));
  return ["-s -w", ...variables.map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

function versionVariables(component, version) {
  switch (component) {
    case "kubernetes": {
      // What `kubectl version` and the apiserver's /version say; without it v0.0.0-master.
      const [major, minor] = version.slice(1).split(".");
      const at = "k8s.io/component-base/version";
      return {
        [`${at}.gitVersion`]: version,
        [`${at}.gitMajor`]: major,
        [`${at}.gitMinor`]: minor,
      };
    }
    case "kustomize":
      // buildMetadata's managedByLabel.
      return { "sigs.k8s.io/kustomize/api/provenance.version": version };
    case "helm":
      // .Capabilities.HelmVersion.
      return { "helm.sh/helm/v4/internal/version.version": version };
    case "prometheus":
      // `promtool --version`.
      return { "github.com/prometheus/common/version.Version": version };
    default:
      return {};
  }
}

/** @returns the environment in which `go` is found, or undefined */
export function goEnvironment(env = process.env) {
  const path = [env.PATH ?? "", "/usr/local/go/bin"].join(delimiter);
  const extended = { ...env, PATH: path };
  const { status } = spawnSync("go", ["version"], { env: extended });
  return status === 0 ? extended : undefined;
}

/** Such as `go1.26.8`. */
export function goVersion(env) {
  return spawnSync("go", ["env", "GOVERSION"], { env, encoding: "utf8" }).stdout.trim();
}

/**
 * Builds the programs of a component into a directory, each put there by one rename.
 * @param onPackage called for each package that was compiled
 * @throws Error with what Go said
 */
export async function build(component, version, names, directory, { env, signal, onPackage }) {
  const place = mkdtempSync(join(directory, ".build-"));
  try {
    const flags = [
      "-trimpath",
      ...(tags[component] ?? []),
      "-ldflags",
      linkerFlags(component, version),
    ];
    const args = [...flags, "-o", `${place}/`, ...names.map(packages[component])];
    const cwd = moduleDirectory(component, env);
    await goBuild(component, args, { cwd, env, place, signal, onPackage });
    for (const name of names) {
      renameSync(join(place, builtAs[name] ?? name), join(directory, name));
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * Runs `go build`.
 * @param place a directory for its scratch files: an interrupted Go leaves them
 * @param onPackage called for each package that was compiled
 * @throws Error with what Go said
 */
export async function goBuild(what, args, { cwd, env, place, signal, onPackage }) {
  const said = [];
  const code = await run("go", ["build", "-v", ...args], {
    cwd,
    env: { ...env, GOTMPDIR: place },
    stdio: ["ignore", "ignore", "pipe"],
    signal,
    onStart: ({ stderr }) =>
      createInterface({ input: stderr }).on("line", (line) => {
        // With -v a line is a package's path, or a module that is being downloaded.
        if (/^[\w./~-]+$/.test(line)) onPackage();
        else if (!line.startsWith("go: downloading")) said.push(line);
      }),
  });
  if (code !== 0) throw new Error(`go build of ${what} failed:\n${said.slice(-20).join("\n")}`);
}
