// Pins a version of Kubernetes: writes the Go module of setup/modules that builds its commands.
// That of the newest is setup/modules/kubernetes; every other is named after its minor version,
// and `$MOORING_KUBERNETES` chooses it. Needs Go and the module proxy.
//
// Usage: node setup/pin-kubernetes.mjs v1.31.0 kubernetes-1.31
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goEnvironment } from "./build.mjs";
import { programs } from "./control-plane.mjs";

const modules = join(dirname(fileURLToPath(import.meta.url)), "modules");

function pin(version, name) {
  if (!/^v1\.\d+\.\d+$/.test(version ?? "") || !/^kubernetes(-1\.\d+)?$/.test(name ?? "")) {
    throw new Error("usage: node setup/pin-kubernetes.mjs v1.31.0 kubernetes-1.31");
  }
  const env = goEnvironment();
  if (env === undefined) throw new Error("Go is missing; install it from https://go.dev/dl/");
  const directory = join(modules, name);
  mkdirSync(directory, { recursive: true });
  const { GoMod, Error: fault } = JSON.parse(
    go(["mod", "download", "-json", `k8s.io/kubernetes@${version}`], directory, env),
  );
  if (fault !== undefined) throw new Error(fault);
  writeFileSync(join(directory, "go.mod"), goMod(version, readFileSync(GoMod, "utf8")));
  writeFileSync(join(directory, "tools.go"), toolsGo());
  go(["mod", "tidy"], directory, env);
}

/** Kubernetes' own go.mod takes its parts from ./staging, which only its repository has. */
function goMod(version, upstream) {
  const parts = [...upstream.matchAll(/^\s*(k8s\.io\/[\w-]+) => \.\/staging\//gm)];
  // The defaults of the Go that this version was released with.
  const defaults = /^godebug default=(go[\d.]+)$/m.exec(upstream)?.[1];
  const language = /^go (\d+\.\d+)/m.exec(upstream)?.[1];
  return `module mooring.dev/setup/kubernetes

go 1.26.0

godebug default=${defaults ?? `go${language}`}

require k8s.io/kubernetes ${version}

replace (
${parts.map(([, part]) => `\t${part} => ${part} ${version.replace("v1.", "v0.")}\n`).join("")})
`;
}

function toolsGo() {
  return `//go:build tools

// Package kubernetes pins the commands of the embedded control plane, so that
// \`go build\` finds them in this module's go.sum.
package kubernetes

import (
${programs.kubernetes.map((name) => `\t_ "k8s.io/kubernetes/cmd/${name}"\n`).join("")})
`;
}

function go(args, cwd, env) {
  const { status, stdout } = spawnSync("go", args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`go ${args.join(" ")} failed; its message is above`);
  return stdout;
}

try {
  pin(process.argv[2], process.argv[3]);
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
