// What Mooring's tests and tour need of the system, and the line that installs it.
// Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** @throws Error with the line that installs git, when it or its http-backend is not there */
export function requireGit() {
  const { status, stdout } = spawnSync("git", ["--exec-path"], { encoding: "utf8" });
  const backend = status === 0 && existsSync(join(stdout.trim(), "git-http-backend"));
  if (!backend) {
    const what = status === 0 ? "git's http-backend is" : "git is";
    throw new Error(`${what} missing; install it: apt-get update && apt-get install -y git`);
  }
}
