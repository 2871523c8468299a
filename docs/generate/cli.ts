/** Every verb of the `mooring` command, from the program itself. */
import type { Command, Option } from "commander";
import { terminalOf } from "../../src/cli/output/terminal.ts";
import { type Actions, createProgram } from "../../src/cli/program.ts";
import { code, fenced, plain, table } from "./markdown.ts";
import { type Page, page } from "./page.ts";

export interface Verb {
  /** `mooring render` */
  name: string;
  command: Command;
}

/** All that can be called, as `--help` lists them; hidden ones are left out. */
export async function verbs(): Promise<Verb[]> {
  const surroundings = {
    env: {},
    cwd: "/",
    input: process.stdin,
    terminal: terminalOf(process.stdout, process.stderr, {}),
    signal: new AbortController().signal,
    now: () => new Date(0),
    exit: (code: number) => process.exit(code),
  };
  // Described, never run: what it would do is not needed.
  const program = await createProgram(surroundings, {} as Actions, "every");
  return below({ name: program.name(), command: program });
}

export async function cliPage(): Promise<Page> {
  const all = await verbs();
  return page("docs/reference/cli.md", "src/cli", [
    "# The command",
    "`mooring VERB`; as a plugin of kubectl (`kubectl-mooring` on the PATH) `kubectl mooring VERB`. `mooring VERB --help` says the same as this page. Flags of `mooring controller` are in [controller](controller.md).",
    exitCodes,
    table(
      ["verb", ""],
      all.map(({ name, command }) => [
        `[${code(name)}](#${name.replaceAll(" ", "-")})`,
        plain(command.description()),
      ]),
    ),
    ...all.flatMap(section),
  ]);
}

const exitCodes = `## Exit codes

| code | meaning |
|---|---|
| 0 | It did what it should; of \`mooring diff\`: there is no difference. |
| 1 | It failed; of \`mooring diff\`: there are differences. |
| 2 | It was called wrongly (an unknown verb, and \`mooring controller\`: 1); of \`mooring diff\` and \`mooring render\` also: it failed. |`;

function below({ name, command }: Verb): Verb[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible
    .filter((child) => child.name() !== "help")
    .flatMap((child) => {
      const verb = { name: `${name} ${child.name()}`, command: child };
      const further = below(verb);
      return further.length === 0 ? [verb] : further;
    });
}

function section({ name, command }: Verb): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const args = help.visibleArguments(command);
  const aliases = command.aliases();
  return [
    `## ${name}`,
    `${capital(plain(command.description()))}.${aliases.length === 0 ? "" : ` Also: ${aliases.map(code).join(", ")}.`}`,
    fenced(`${name} ${command.usage()}`, "sh"),
    ...(args.length === 0
      ? []
      : [
          table(
            ["argument", "meaning"],
            args.map((argument) => [code(argument.name()), plain(argument.description)]),
          ),
        ]),
    ...(name === "mooring controller"
      ? ["See [controller](controller.md)."]
      : options.length === 0
        ? []
        : [table(["flag", "meaning"], options.map(optionRow))]),
    ...furtherText(command),
  ];
}

function optionRow(option: Option): string[] {
  return [code(option.flags), plain(option.description)];
}

/** What a verb says below its flags: conditions, examples, exit codes. */
function furtherText(command: Command): string[] {
  const written: string[] = [];
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (text) => written.push(text) });
  command.outputHelp();
  command.configureOutput(before);
  const text = written.join("").slice(command.helpInformation().length).trim();
  return text === "" ? [] : [fenced(text, "text")];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
