// `npm ci`, only when the lockfile is another one than that of the last install.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, sep } from "node:path";
import { run } from "./child.mjs";
import { runningFrom } from "./instances.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./progress.mjs";

/** @throws Error when an install is due while something runs out of node_modules */
export async function install(root, { signal, env = process.env }) {
  if (isCurrent(root)) return;
  await withLock("install", root, signal, async () => {
    // The set-up that we waited for may have done it.
    if (isCurrent(root)) return;
    const running = runningFrom(join(root, "node_modules"));
    if (running.length > 0) {
      const list = running.map(({ pid, command }) => `  ${pid}  ${command}`).join("\n");
      throw new Error(
        `package-lock.json has changed, but the dependencies are in use:\n${list}\nEnd ${running.length === 1 ? "it" : "them"} and try again.`,
      );
    }
    await step("installing dependencies (npm ci)", () => npmCi(root, env, signal));
    writeFileSync(stamp(root), lockfileHash(root));
  });
}

function isCurrent(root) {
  return existsSync(stamp(root)) && readFileSync(stamp(root), "utf8").trim() === lockfileHash(root);
}

/** Inside node_modules, so that it goes with what it speaks of. */
function stamp(root) {
  return join(root, "node_modules", ".mooring-lockfile-sha256");
}

function lockfileHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

async function npmCi(root, env, signal) {
  // npm puts node_modules/.bin first in PATH: its Node is about to be removed.
  const inside = join(root, "node_modules") + sep;
  const path = (env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => !`${directory}${sep}`.startsWith(inside));
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const [command, ...rest] =
    env.npm_execpath && env.npm_node_execpath && !env.npm_node_execpath.startsWith(inside)
      ? [env.npm_node_execpath, env.npm_execpath, ...args]
      : ["npm", ...args];
  const code = await run(command, rest, {
    cwd: root,
    env: { ...env, PATH: path.join(delimiter) },
    stdio: ["ignore", 2, 2],
    signal,
  });
  if (code !== 0) throw new Error("npm ci failed; its message is above");
}
