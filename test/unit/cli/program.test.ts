import { describe, expect, test } from "vitest";
import { type ControllerConfig, configFields } from "../../../src/cli/controller/config.ts";
import { type Actions, createProgram, verbNamed } from "../../../src/cli/program.ts";
import { type RenderFlags, renderFlags } from "../../../src/cli/render/options.ts";
import type { Surroundings } from "../../../src/cli/verb.ts";
import { readVersion } from "../../../src/cli/version.ts";
import { Problem } from "../../../src/model/problem.ts";

/** Runs the command; what it printed, and how it ended. */
async function run(args: string[], env: Record<string, string> = {}) {
  let output = "";
  let errors = "";
  let started: ControllerConfig | undefined;
  let rendered: { path: string | undefined; flags: RenderFlags } | undefined;
  const write = (text: string) => {
    output += text;
  };
  const writeErr = (text: string) => {
    output += text;
    errors += text;
  };
  const surroundings: Surroundings = {
    env,
    cwd: "/",
    input: process.stdin,
    terminal: { write, note: (line) => writeErr(`${line}\n`), columns: 80, colour: false },
    signal: new AbortController().signal,
    now: () => new Date(0),
    exit(exitCode): never {
      throw Object.assign(new Error("exit"), { exitCode });
    },
  };
  const actions: Actions = {
    async runController(config) {
      started = config;
    },
    async renderPath(path, flags) {
      rendered = { path, flags };
      if (path === "broken") throw new Problem("InvalidManifest", "broken/x.yaml:1: it is broken");
      return { text: "kind: X\n", notes: ["something differs"] };
    },
  };
  const program = await createProgram(surroundings, actions, verbNamed(args));
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeOut: write, writeErr });
  const code = await program.parseAsync(["node", "mooring", ...args]).then(
    () => 0,
    (error: { exitCode?: number }) => error.exitCode,
  );
  return { output, errors, started, rendered, code };
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

  test("of render shows every flag", async () => {
    const { output, code } = await run(["render", "--help"]);
    expect(code).toBe(0);
    const text = output.replace(/\s+/g, " ");
    for (const { flag, description } of renderFlags) {
      expect(text).toContain(flag);
      expect(text).toContain(description);
    }
  });

  test("of the program names its verbs", async () => {
    const { output } = await run(["--help"]);
    expect(output).toMatch(/^ {2}controller +run the controller/m);
    expect(output).toMatch(/^ {2}render +render a directory/m);
  });
});

test("--version is the package's", async () => {
  expect((await run(["--version"])).output.trim()).toBe(readVersion());
});

describe("render", () => {
  test("hands on what was given, and keeps notes apart from the objects", async () => {
    const { output, errors, rendered, code } = await run([
      ...["render", "deploy", "-n", "shop", "-f", "a.yaml", "--values", "b.yaml", "-o", "json"],
      ...["--parameter", "a=b=c", "--api-versions", "x/v1,y/v1", "--api-versions", "z/v1/Kind"],
      ...["--timeout", "1m", "--skip-crds"],
    ]);
    expect(code).toBe(0);
    expect(rendered).toMatchObject({
      path: "deploy",
      flags: {
        namespace: "shop",
        values: ["a.yaml", "b.yaml"],
        parameter: [{ name: "a", value: "b=c" }],
        stringParameter: [],
        apiVersions: ["x/v1", "y/v1", "z/v1/Kind"],
        output: "json",
        timeout: 60_000,
        skipCrds: true,
        skipTests: false,
        redactSecrets: false,
      },
    });
    expect(errors).toBe("note: something differs\n");
    expect(output.replace(errors, "")).toBe("kind: X\n");
  });

  test("that fails ends with 2 and says why, without advice to a cluster", async () => {
    const { output, code } = await run(["render", "broken"]);
    expect(code).toBe(2);
    expect(output).toBe("error: broken/x.yaml:1: it is broken.\n");
  });

  test("names every flag that is wrong, and no value that may be secret", async () => {
    const { output, rendered, code } = await run([
      ...["render", ".", "--tool", "jsonnet", "--timeout", "1d", "--parameter", "hunter2"],
      ...["--api-versions", "ok/v1", "--release-name", "No_Name"],
    ]);
    expect(code).toBe(2);
    expect(rendered).toBeUndefined();
    expect(output.split("\n")).toEqual([
      'error: --tool: "jsonnet" is not one of auto, kustomize, helm, directory',
      'error: --release-name: "No_Name" is not a name of at most 53 lower-case letters, digits, - and .',
      "error: --parameter: is not NAME=VALUE",
      'error: --timeout: "1d" is not a duration from 100ms to 1h, such as 30s',
      "",
    ]);
    expect(output).not.toContain("hunter2");
  });
});
