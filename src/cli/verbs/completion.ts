/** `mooring completion`: the script by which a shell completes verbs, flags and names. */
import { Argument, type Command } from "commander";
import { type Shell, scripts, shells } from "../completion/scripts.ts";
import { exitCodes, runs, type Surroundings } from "../verb.ts";

const help = `
Names of Applications, namespaces and contexts come from the cluster of the line
that is being written.

Examples:
  source <(mooring completion bash)          for this shell; the line goes into
                                             ~/.bashrc for every one
  mooring completion zsh > "\${fpath[1]}/_mooring"
  mooring completion fish > ~/.config/fish/completions/mooring.fish

For kubectl mooring, kubectl asks a program kubectl_complete-mooring on PATH:
  printf '#!/bin/sh\\nexec mooring __complete -- "$@"' > kubectl_complete-mooring

Exit codes: 0, or 2 for wrong use.`;

export function defineCompletion(command: Command, surroundings: Surroundings): void {
  command
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .addHelpText("after", help);
  runs(command, surroundings, async ([shell]: [Shell]) => {
    surroundings.terminal.write(scripts[shell]);
    return exitCodes.ok;
  });
}
