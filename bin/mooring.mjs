#!/usr/bin/env node
// The `mooring` command for whatever Node calls it, from version 20 on. Mooring itself needs
// Node 22.18: that one is found here. In a checkout the sources run, installed the compiled form:
// Node runs no TypeScript under node_modules.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldest = [22, 18];

const entry = [join(root, "src/main.ts"), join(root, "dist/main.js")].find(
  (path) => existsSync(path) && !(path.endsWith(".ts") && root.includes("/node_modules/")),
);
if (entry === undefined)
  fail(`neither src/main.ts nor dist/main.js is in ${root}; run npm run build`);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
  process.argv[1] = entry;
  await import(pathToFileURL(entry));
} else {
  runUnder(findNode());
}

/** The Node that Mooring depends on, wherever the package manager put it. */
function findNode() {
  const packaged = `node-${process.platform}-${process.arch}/package.json`;
  const candidates = [join(root, "node_modules/.bin/node")];
  try {
    candidates.unshift(join(dirname(createRequire(import.meta.url).resolve(packaged)), "bin/node"));
  } catch {
    // Not installed: optional dependencies were left out.
  }
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    fail(
      `Node ${oldest.join(".")} or newer is needed, this is ${process.versions.node}; ` +
        "install a newer one, or this package with its optional dependencies",
    );
  return found;
}

/** As good as exec: signals, exit code and the death of this process reach the other one. */
function runUnder(node) {
  const follow = join(root, "bin/follow-parent.mjs");
  const child = spawn(
    node,
    ["--import", pathToFileURL(follow).href, entry, ...process.argv.slice(2)],
    {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      // Its own process group: a Ctrl-C of the terminal comes once, by us, and not twice.
      detached: true,
    },
  );
  const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    process.disconnect?.();
    process.exit();
  });
}

function fail(message) {
  process.stderr.write(`mooring: ${message}\n`);
  process.exit(1);
}
