import { expect, test } from "vitest";
import { createProgram } from "../../../src/cli/program.ts";
import type { Surroundings } from "../../../src/cli/verb.ts";

const surroundings: Surroundings = {
  env: {},
  cwd: "/",
  input: process.stdin,
  terminal: { write: () => {}, note: () => {}, columns: 80, colour: false },
  signal: new AbortController().signal,
  now: () => new Date(0),
  exit(code): never {
    throw new Error(`exit ${code}`);
  },
};
const never = async () => {
  throw new Error("not called");
};

const program = await createProgram(
  surroundings,
  { runController: never, renderPath: never },
  "every",
);
const verbs = program
  .createHelp()
  .visibleCommands(program)
  .filter((one) => one.name() !== "help");

test.each(verbs.map((verb) => [verb.name(), verb] as const))(
  "%s --help has a summary, examples of itself and its exit codes",
  (name, verb) => {
    let text = "";
    verb.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
    verb.outputHelp();
    expect(verb.description()).toMatch(/^[^A-Z]*[a-zA-Z].*[^.]$/);
    const [, examples = ""] = /\nExamples:\n((?: {2}.*\n)+)/.exec(text) ?? [];
    expect(examples).toContain(`mooring ${name}`);
    expect(text).toMatch(/\n(Exit codes: |Exits with )0/);
    for (const option of verb.options) expect(option.description, option.flags).not.toBe("");
  },
);
