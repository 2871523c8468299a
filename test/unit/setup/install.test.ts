import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { install } from "../../../setup/install.mjs";

let root: string;
let running: ChildProcess | undefined;
const { signal } = new AbortController();

/** An npm that writes down how it was called, as the real one would empty node_modules first. */
const npm = `#!/bin/sh
rm -rf node_modules && mkdir node_modules || exit 1
echo "$@" >> calls
echo "$PATH" > path
exit $(cat exit-code 2>/dev/null || echo 0)
`;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mooring-install-"));
  await writeFile(join(root, "package-lock.json"), "{}");
  await mkdir(join(root, "tools"));
  await writeFile(join(root, "tools/npm"), npm);
  await chmod(join(root, "tools/npm"), 0o755);
});
afterEach(async () => {
  running?.kill("SIGKILL");
  running = undefined;
  await rm(root, { recursive: true });
});

function env() {
  const path = [join(root, "node_modules/.bin"), join(root, "tools"), "/usr/bin", "/bin"];
  return { PATH: path.join(delimiter) };
}
const calls = async () => {
  const text = await readFile(join(root, "calls"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
};

describe("npm ci", () => {
  test("runs once for a lockfile, and again for another one", async () => {
    await install(root, { signal, env: env() });
    await install(root, { signal, env: env() });
    expect(await calls()).toEqual(["ci --ignore-scripts --no-audit --no-fund"]);
    await writeFile(join(root, "package-lock.json"), "{ }");
    await install(root, { signal, env: env() });
    expect(await calls()).toHaveLength(2);
  });

  test("does not run on the Node that it is about to remove", async () => {
    await install(root, { signal, env: env() });
    expect(await readFile(join(root, "path"), "utf8")).not.toContain("node_modules");
  });

  test("runs again after one that failed", async () => {
    await writeFile(join(root, "exit-code"), "1");
    await expect(install(root, { signal, env: env() })).rejects.toThrow("npm ci failed");
    await rm(join(root, "exit-code"));
    await install(root, { signal, env: env() });
    expect(await calls()).toHaveLength(2);
  });

  test("never runs under a program from node_modules, and says which one is to end", async () => {
    await mkdir(join(root, "node_modules/bin"), { recursive: true });
    const program = join(root, "node_modules/bin/node");
    await copyFile("/bin/sleep", program);
    running = spawn(program, ["600"], { stdio: "ignore" });
    await once(running, "spawn");
    await expect(install(root, { signal, env: env() })).rejects.toThrow(
      new RegExp(`in use:\n {2}${running.pid} {2}600\nEnd it and try again`),
    );
    expect(await calls()).toEqual([]);

    const ended = once(running, "exit");
    running.kill("SIGKILL");
    await ended;
    await install(root, { signal, env: env() });
    expect(await calls()).toHaveLength(1);
  });

  test("runs once for two set-ups side by side", async () => {
    await Promise.all([
      install(root, { signal, env: env() }),
      install(root, { signal, env: env() }),
    ]);
    expect(await calls()).toHaveLength(1);
  });
});
