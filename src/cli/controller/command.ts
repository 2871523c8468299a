/** The verb `controller`. Flags and their help are generated from the schema in fields.ts. */
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { readVersion } from "../version.ts";
import {
  type ConfigField,
  type ControllerConfig,
  configFields,
  type FieldName,
  loadConfig,
} from "./config.ts";

/** As commander gives them: `--argocd-metrics` alone is `true`. */
type Flags = Partial<Record<FieldName, string | true>>;
type Env = Readonly<Record<string, string | undefined>>;

const help = `
A flag wins over its variable, the variable over the default.
Lists are separated by commas. Durations are written like 30s or 1h30m, sizes like 128Mi.

Examples:
  mooring controller                                in a Pod, by its variables
  mooring controller --kubeconfig ~/.kube/config --namespace mooring-system

Exit codes: 0 after SIGTERM, 1 when it cannot start or go on, and for wrong use.`;

/** @param env where variables are read from */
export function defineController(
  command: Command,
  env: Env,
  run: (config: ControllerConfig) => Promise<void>,
): void {
  for (const field of configFields) command.addOption(optionOf(field));
  command.addHelpText("after", help).action(async (flags: Flags) => {
    await run(configOrExit(flags, env, command));
  });
}

function configOrExit(flags: Flags, env: Env, command: Command): ControllerConfig {
  try {
    const texts = Object.fromEntries(
      Object.entries(flags).map(([name, value]) => [name, String(value)]),
    );
    return loadConfig(texts, {
      env,
      version: readVersion(),
      randomIdentity: () => randomUUID(),
      cores: availableParallelism(),
      renderersDirectory: fileURLToPath(new URL("../../../renderers/build", import.meta.url)),
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
