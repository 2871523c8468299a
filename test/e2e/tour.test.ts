/** `npm start`: the tour itself, from the outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const tour = join(root, "tour/main.ts");
const tourMs = 120_000;
const endMs = 60_000;

/** All that a run makes is below a temporary directory of its own, so that nothing can hide. */
class Run {
  readonly child: ChildProcess;
  readonly temporary: string;
  output = "";

  private constructor(child: ChildProcess, temporary: string) {
    this.child = child;
    this.temporary = temporary;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  static async start(command: string, args: readonly string[], env = {}): Promise<Run> {
    const temporary = await mkdtemp(join(tmpdir(), "mooring-tour-test-"));
    const child = spawn(command, args, {
      cwd: root,
      env: { ...withoutNpm(process.env), TMPDIR: temporary, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run = new Run(child, temporary);
    runs.push(run);
    return run;
  }

  async exitCode(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, "close");
    return this.child.exitCode;
  }

  /** Processes that work below its directory. */
  async processes(): Promise<string[]> {
    const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const told = await Promise.all(
      ids.map(async (id) => {
        const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
        const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
        return (environment + command).includes(this.temporary) ? command : undefined;
      }),
    );
    return told.filter((command) => command !== undefined);
  }

  async nothingIsLeft(): Promise<void> {
    await until("every process to end", endMs, async () => (await this.processes()).length === 0);
    expect(await readdir(this.temporary)).toEqual([]);
  }

  async says(text: string | RegExp): Promise<void> {
    await until(`${text} in:\n${this.output}`, tourMs, () => this.output.match(text) !== null);
  }
}

const runs: Run[] = [];

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill("SIGKILL");
    await run.nothingIsLeft();
    await rm(run.temporary, { recursive: true, force: true });
  }
});

/** As from a shell: the npm that runs these tests is none of its business. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^VITEST/.test(name)),
  );
}

async function until(what: string, deadlineMs: number, look: () => boolean | Promise<boolean>) {
  const deadline = Date.now() + deadlineMs;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(50);
  }
}

describe("npm start -- --once", () => {
  test("does every step, says so in a table, exits 0 and leaves nothing, twice side by side", async () => {
    const both = await Promise.all([1, 2].map(() => Run.start(process.execPath, [tour, "--once"])));
    for (const run of both) {
      expect([await run.exitCode(), run.output]).toEqual([0, expect.any(String)]);
      const [, summary = ""] = run.output.split("\nSummary\n");
      const steps = summary.trim().split("\n");
      expect(
        steps.map((line) =>
          line
            .trim()
            .split(/\s{2,}/)
            .slice(1, 3),
        ),
      ).toEqual(
        [
          "Control plane",
          "Git server",
          "Install",
          "Controller",
          "Application installed",
          "Drift: kubectl scale",
          "Drift: image edited",
          "Drift: object deleted",
          "Commit pushed",
          "File removed from Git",
          "Broken release",
          "git revert",
        ].map((name) => [name, "ok"]),
      );
      for (const line of steps) expect(line).toMatch(/ [\d.,]+ m?s /);
      // Not on a terminal: no colour.
      expect(run.output).not.toContain("\u001b[");
      await run.nothingIsLeft();
    }
  });

  describe("with manifests of one's own", () => {
    let repository: string;

    beforeAll(async () => {
      repository = await mkdtemp(join(tmpdir(), "mooring-tour-repository-"));
      await cp(join(root, "examples/shop"), repository, { recursive: true });
    });
    afterAll(() => rm(repository, { recursive: true }));

    test("exits with 1 and names the step, what it expected and saw, when one is no YAML", async () => {
      const broken = "deploy/prod/web.yaml";
      await writeFile(join(repository, broken), "kind: [Service\n");
      const run = await Run.start(process.execPath, [tour, "--once", `--repository=${repository}`]);
      expect(await run.exitCode()).toBe(1);
      const [, failure = ""] = run.output.split('The step "Application installed" failed.');
      expect(failure).toMatch(/expected: .*team-a\/shop: Ready at revision [0-9a-f]{7}/);
      expect(failure).toMatch(new RegExp(`seen: .*InvalidManifest.*${broken}`));
      expect(failure).toContain('"msg":"Lease acquired"');
      await run.nothingIsLeft();
    });
  });

  test("says what is wrong with an option, and starts nothing", async () => {
    const run = await Run.start(process.execPath, [tour, "--repository=/no/such/directory"]);
    expect(await run.exitCode()).toBe(1);
    expect(run.output).toBe("error: /no/such/directory is not a directory\n");
  });
});

describe("npm start", () => {
  test("stays after the tour, shows what a push of somebody does, and ends on SIGINT", async () => {
    const run = await Run.start(process.execPath, [tour]);
    await run.says("Ctrl-C ends all of it");
    const [, kubeconfig = ""] = /KUBECONFIG=(\S+)/.exec(run.output) ?? [];
    expect(existsSync(kubeconfig)).toBe(true);
    const [, clone = ""] = /or use (\S+)/.exec(run.output) ?? [];
    await git(clone, "rm", "--quiet", "deploy/prod/poddisruptionbudget.yaml");
    await git(clone, "commit", "--quiet", "--message=Remove the budget");
    await git(clone, "push", "--quiet");
    await run.says("pruned PodDisruptionBudget.policy shop/web");
    run.child.kill("SIGINT");
    expect(await run.exitCode()).toBe(0);
    await run.nothingIsLeft();
  });

  test.each([
    ["while it starts", "1. Control plane", 1],
    // Itself, two supervisors, the five of the control plane, the controller.
    ["in the middle of its steps", "6. Drift", 9],
  ])("leaves nothing when it is killed by -9 %s", async (_, moment, processes) => {
    const run = await Run.start(process.execPath, [tour]);
    await run.says(moment);
    expect((await run.processes()).length).toBeGreaterThanOrEqual(processes);
    run.child.kill("SIGKILL");
    await run.nothingIsLeft();
  });

  test.each([
    ["SIGTERM", 143, "1. Control plane"],
    ["SIGHUP", 129, "4. Controller"],
  ] as const)("ends on %s with %d before it is through", async (signal, code, moment) => {
    const run = await Run.start(process.execPath, [tour, "--once"]);
    await run.says(moment);
    run.child.kill(signal);
    expect(await run.exitCode()).toBe(code);
    await run.nothingIsLeft();
  });

  test("ends with the npm that started it, by kill -9", async () => {
    // As npm does it: a parent that only waits.
    const script = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(tour)}], { stdio: "inherit" })`;
    const run = await Run.start(process.execPath, ["--eval", script], {
      npm_lifecycle_event: "start",
    });
    await run.says("5. Application installed");
    run.child.kill("SIGKILL");
    await run.nothingIsLeft();
  });
});

async function git(directory: string, ...args: string[]): Promise<void> {
  const child = spawn("git", ["-C", directory, ...args], { stdio: "inherit" });
  expect(await once(child, "exit")).toEqual([0, null]);
}
