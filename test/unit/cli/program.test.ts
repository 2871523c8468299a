import { describe, expect, test } from "vitest";
import { type ControllerConfig, configFields } from "../../../src/cli/config.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { readVersion } from "../../../src/cli/version.ts";

/** Runs the command; what it printed, and how it ended. */
async function run(args: string[], env: Record<string, string> = {}) {
  let output = "";
  let started: ControllerConfig | undefined;
  const write = (text: string) => {
    output += text;
  };
  const program = createProgram(env, {
    async runController(config) {
      started = config;
    },
  });
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write });
  const code = await program.parseAsync(["node", "mooring", ...args]).then(
    () => 0,
    (error: { exitCode?: number }) => error.exitCode,
  );
  return { output, started, code };
}

test("controller runs with what flags and variables say", async () => {
  const { started, code } = await run(["controller", "--concurrency", "3", "--argocd-metrics"], {
    MOORING_SHARDS: "2",
    PATH: "/bin",
  });
  expect(code).toBe(0);
  expect(started).toMatchObject({ concurrency: 3, shards: 2, argocdMetrics: true, path: "/bin" });
});

test("a wrong value ends with 1, names the flag and starts nothing", async () => {
  const { output, started, code } = await run(["controller", "--concurrency", "many"]);
  expect(code).toBe(1);
  expect(started).toBeUndefined();
  expect(output).toContain('--concurrency: "many" is not a whole number from 1 to 1024');
});

test("an unknown flag, an unknown verb and a superfluous argument are refused", async () => {
  for (const args of [["controller", "--workerz", "2"], ["controler"], ["controller", "now"]]) {
    const { started, code } = await run(args);
    expect(code, args.join(" ")).toBe(1);
    expect(started).toBeUndefined();
  }
});

describe("--help", () => {
  test("shows every field with flag, variable, default and description", async () => {
    const { output, code } = await run(["controller", "--help"]);
    expect(code).toBe(0);
    const text = output.replace(/\s+/g, " ");
    for (const field of configFields) {
      expect(text).toContain(`${field.flag} ${field.argument}`);
      expect(text).toContain(field.variable);
      expect(text).toContain(field.description);
      if (field.default) expect(text).toContain(`default: ${field.default}`);
      if (field.fallback) expect(text).toContain(field.fallback);
    }
  });

  test("of the program names its verbs", async () => {
    expect((await run(["--help"])).output).toContain("controller [options]");
  });
});

test("--version is the package's", async () => {
  expect((await run(["--version"])).output.trim()).toBe(readVersion());
});
