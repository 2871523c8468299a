/** Flags of the verbs that write. */
import { type Command, Option } from "commander";
import { duration } from "../controller/values.ts";

export interface DryRunFlags {
  dryRun?: "server";
}

export interface WaitFlags {
  wait: boolean;
  timeout: string;
}

const longest = "24h";

/** `--dry-run=server`, as kubectl has it; without a value the same. */
export function dryRunFlag(command: Command): Command {
  return command.addOption(
    new Option(
      "--dry-run [server]",
      "have the apiserver check the change, and change nothing; does not wait",
    )
      .choices(["server"])
      .preset("server"),
  );
}

export function waitFlags(command: Command): Command {
  return command
    .addOption(new Option("--no-wait", "do not wait for the outcome"))
    .addOption(new Option("--timeout <duration>", "longest wait").default("5m"));
}

/** @throws Error naming the flag */
export function timeoutOf({ timeout }: WaitFlags): number {
  const parsed = duration("1s", longest).safeParse(timeout);
  if (parsed.success) return parsed.data;
  throw new Error(
    `--timeout: ${JSON.stringify(timeout)} is not a duration from 1s to ${longest}, such as 90s`,
  );
}
