/**
 * The `mooring` command. Only the verb that is called is loaded; of the others its help knows a
 * line each.
 */
import { Command } from "commander";
import type { ControllerConfig } from "./controller/config.ts";
import { terminalOf } from "./output/terminal.ts";
import type { RenderPath } from "./render/command.ts";
import type { Surroundings, Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";
import { readVersion } from "./version.ts";

/** What is done outside of this room; main.ts has it. */
export interface Actions {
  runController(config: ControllerConfig): Promise<void>;
  renderPath: RenderPath;
}

/**
 * The command, to be parsed.
 * @param wanted the verb that is going to be parsed, or every one, as for a reference
 */
export async function createProgram(
  surroundings: Surroundings,
  actions: Actions,
  wanted: string | "every" | undefined,
): Promise<Command> {
  const program = new Command("mooring")
    .description("Keeps Kubernetes clusters as Git says.")
    .version(readVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .showHelpAfterError("Run with --help for what there is.");
  for (const verb of [...verbs, ...ownVerbs(actions)]) {
    const command = program
      .command(verb.name, { hidden: verb.hidden === true })
      .description(verb.summary);
    if (wanted === "every" || wanted === verb.name) (await verb.load())(command, surroundings);
  }
  return program;
}

/** Runs the command and, should it fail, says why in a line and exits with 1. */
export async function runProgram(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  actions: Actions,
): Promise<void> {
  const surroundings = surroundingsOf(env);
  try {
    const program = await createProgram(surroundings, actions, verbNamed(argv.slice(2)));
    await program.parseAsync([...argv]);
  } catch (error) {
    const { redactText } = await import("../status/redaction.ts");
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${redactText(message)}\n`);
    // Whatever was opened before the failure must not keep the process.
    process.exit(1);
  }
}

/** The verb of a command line: `get` of `mooring get shop`, and of `mooring help get`. */
export function verbNamed(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith("-"));
  return first === "help" ? second : first;
}

function surroundingsOf(env: Surroundings["env"]): Surroundings {
  // Whoever reads may have had enough: `| head`.
  process.stdout.on("error", () => process.exit(0));
  return {
    env,
    cwd: process.cwd(),
    input: process.stdin,
    terminal: terminalOf(process.stdout, process.stderr, env),
    // A person's Ctrl-C ends the process itself.
    signal: new AbortController().signal,
    now: () => new Date(),
    exit: (code) => process.exit(code),
  };
}

/** What needs more than a terminal and a cluster. */
function ownVerbs(actions: Actions): readonly Verb[] {
  const { runController, renderPath } = actions;
  return [
    {
      name: "controller",
      summary: "run the controller until SIGTERM, which drains it",
      load: async () => {
        const { defineController } = await import("./controller/command.ts");
        return (command, { env }) => defineController(command, env, runController);
      },
    },
    {
      name: "render",
      summary: "render a directory of this machine as the controller would, and print it",
      load: async () => {
        const { defineRender } = await import("./render/command.ts");
        return (command, { env }) => defineRender(command, env, renderPath);
      },
    },
    {
      name: "__complete",
      summary: "what the last word of a command line may be",
      hidden: true,
      load: async () => {
        const { defineComplete } = await import("./completion/command.ts");
        return (command, surroundings) =>
          defineComplete(command, surroundings, (verb) =>
            createProgram(surroundings, actions, verb),
          );
      },
    },
  ];
}
