/**
 * A verb of the command: its line in the list of verbs, and where the rest of it is. Loaded only
 * when it is called, so that `mooring get` does not wait for what `mooring render` needs.
 */
import type { Command } from "commander";
import type { Cluster } from "./access/cluster.ts";
import type { ClusterFlags } from "./access/flags.ts";
import type { Terminal } from "./output/terminal.ts";
import { UsageError } from "./usage.ts";

/** All that a verb may know of the machine. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly input: NodeJS.ReadableStream;
  readonly terminal: Terminal;
  /** Of a --watch or --follow: until whoever reads has enough. */
  readonly signal: AbortSignal;
  now(): Date;
  /** Ends the process. */
  exit(code: number): never;
}

/** Adds arguments, flags, help and action to a command that has its name and description. */
export type DefineVerb = (command: Command, surroundings: Surroundings) => void;

export interface Verb {
  readonly name: string;
  /** One line, as `mooring --help` shows it. */
  readonly summary: string;
  /** Called by scripts, not by people. */
  readonly hidden?: true;
  load(): Promise<DefineVerb>;
}

/** What every verb ends with, unless it says otherwise. */
export const exitCodes = { ok: 0, failure: 1, usage: 2 } as const;

/** Says why, a line each, and gives the code to end with. */
export async function reportFailure(
  error: unknown,
  { terminal }: Surroundings,
  code: number,
): Promise<number> {
  const { failureOf } = await import("./access/failure.ts");
  const { terminalMessage } = await import("./output/message.ts");
  for (const line of terminalMessage(failureOf(error)).split("\n")) terminal.note(`error: ${line}`);
  return code;
}

/**
 * The action of a verb. What `run` gives is the exit code; what it throws is told and ends with
 * `failure`. Wrong use ends with 2.
 */
export function runs<Arguments extends unknown[], Flags>(
  command: Command,
  surroundings: Surroundings,
  run: (args: Arguments, flags: Flags) => Promise<number>,
  failure: number = exitCodes.failure,
): void {
  command.exitOverride(({ exitCode }) =>
    surroundings.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage),
  );
  command.action(async (...given: unknown[]) => {
    // Commander adds the flags and the command itself to the arguments.
    const args = given.slice(0, -2) as Arguments;
    let code: number;
    try {
      code = await run(args, command.opts() as Flags);
    } catch (error) {
      const wrongUse = error instanceof UsageError;
      code = await reportFailure(error, surroundings, wrongUse ? exitCodes.usage : failure);
    }
    if (code !== exitCodes.ok) surroundings.exit(code);
  });
}

/** The same, for a verb that asks a cluster: it is opened for it, and closed after it. */
export function asks<Arguments extends unknown[], Flags extends ClusterFlags>(
  command: Command,
  surroundings: Surroundings,
  run: (cluster: Cluster, args: Arguments, flags: Flags) => Promise<number>,
  failure: number = exitCodes.failure,
): void {
  runs<Arguments, Flags>(
    command,
    surroundings,
    async (args, flags) => {
      const { withCluster } = await import("./access/cluster.ts");
      return withCluster(flags, surroundings.env, (cluster) => run(cluster, args, flags));
    },
    failure,
  );
}
