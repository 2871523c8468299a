/** The `mooring` command. Flags and their help are generated from the schema in config.ts. */
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { redactText } from "../status/redaction.ts";
import {
  type ConfigField,
  type ControllerConfig,
  configFields,
  type FieldName,
  loadConfig,
} from "./config.ts";
import { type RenderPath, renderCommand } from "./render/command.ts";
import { readVersion } from "./version.ts";

/** What the verbs do; main.ts has them. */
export interface Actions {
  runController(config: ControllerConfig): Promise<void>;
  renderPath: RenderPath;
}

/** The command, to be parsed. @param env where variables are read from */
export function createProgram(
  env: Readonly<Record<string, string | undefined>>,
  actions: Actions,
): Command {
  const version = readVersion();
  const program = new Command("mooring")
    .description("Keeps Kubernetes clusters as Git says.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .showHelpAfterError("Run with --help for what there is.");
  const controller = program
    .command("controller")
    .description("run the controller until SIGTERM, which drains it")
    .action(async (flags: Flags, command: Command) => {
      const config = configOrExit(flags, env, version, command);
      await actions.runController(config);
    });
  for (const field of configFields) controller.addOption(optionOf(field));
  controller.addHelpText(
    "after",
    "\nA flag wins over its variable, the variable over the default.\nLists are separated by commas. Durations are written like 30s or 1h30m, sizes like 128Mi.",
  );
  program.addCommand(renderCommand(env, actions.renderPath));
  return program;
}

/** Runs the command and, should it fail, says why in a line and exits with 1. */
export async function runProgram(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  actions: Actions,
): Promise<void> {
  try {
    await createProgram(env, actions).parseAsync([...argv]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${redactText(message)}\n`);
    // Whatever was opened before the failure must not keep the process.
    process.exit(1);
  }
}

/** As commander gives them: `--argocd-metrics` alone is `true`. */
type Flags = Partial<Record<FieldName, string | true>>;

function configOrExit(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  version: string,
  command: Command,
): ControllerConfig {
  try {
    const texts = Object.fromEntries(
      Object.entries(flags).map(([name, value]) => [name, String(value)]),
    );
    return loadConfig(texts, {
      env,
      version,
      randomIdentity: () => randomUUID(),
      cores: availableParallelism(),
      renderersDirectory: fileURLToPath(new URL("../../renderers/build", import.meta.url)),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return command.error(`error: ${message.replaceAll("\n", "\nerror: ")}`);
  }
}

function optionOf(field: ConfigField): Option {
  const { flag, argument, description, variable, fallback } = field;
  const notes = [
    ...(field.default === undefined ? [] : [`default: ${field.default || "none"}`]),
    `env: ${[variable, ...(fallback === undefined ? [] : [fallback])].join(", ")}`,
  ];
  return new Option(`${flag} ${argument}`, `${description} (${notes.join("; ")})`);
}
