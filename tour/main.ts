/** `npm start`: Mooring's main job on a real control plane, shown and measured. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { type Interruption, interruption } from "./interruption.ts";
import type { LogFile } from "./log-file.ts";
import { Narrator } from "./narrator.ts";
import { exampleRepository } from "./playground.ts";
import { printInvitation } from "./stay.ts";
import { StepFailed, Steps } from "./steps.ts";
import { printFailure, printSummary } from "./summary.ts";
import { takeTour } from "./tour.ts";

const shownLogLines = 15;
const leaveMs = 8000;

const command = new Command("npm start --")
  .description(
    "Runs Mooring on a real Kubernetes control plane with simulated nodes, and shows what it does.",
  )
  .option("--once", "end after the last step, with an exit code")
  .option(
    "--repository <directory>",
    "manifests to serve instead of examples/shop; what names no namespace goes to `shop`. Of kustomizations and charts the installation alone is shown",
  )
  .option(
    "--path <path>",
    "directory of the manifests in it (default: deploy/prod where there is one, else all of it)",
  )
  .parse();
const options = command.opts<{ once?: true; repository?: string; path?: string }>();
// npm runs its scripts in the package's directory, and says from where it was called.
const calledFrom = process.env.INIT_CWD ?? process.cwd();
const repository =
  options.repository === undefined ? exampleRepository : resolve(calledFrom, options.repository);
if (!statSync(repository, { throwIfNoEntry: false })?.isDirectory()) {
  command.error(`error: ${repository} is not a directory`);
}

const interrupted = interruption(process.env);
const monotonic = () => performance.now();
const narrator = new Narrator({ output: process.stdout, monotonic });
const steps = new Steps(narrator, monotonic);
const stack = new AsyncDisposableStack();
// Sockets and children alone would not keep this process alive.
setInterval(() => {}, 2 ** 30);

narrator.print(narrator.paint("bold", "Mooring: Git to converged, pruned, healed, measured"));
let log: LogFile | undefined;
const touring = takeTour({
  steps,
  narrator,
  stack,
  env: process.env,
  monotonic,
  repository,
  path: options.path,
  onLog: (file) => {
    log = file;
  },
});
const outcome = await Promise.race([touring, interrupted]).catch((error: unknown) => error);

if (outcome instanceof Error) {
  const lines = (await log?.tail(shownLogLines)) ?? [];
  const failed = outcome instanceof StepFailed ? outcome : new StepFailed("the tour", outcome);
  printSummary(narrator, steps.records);
  printFailure(narrator, failed, log === undefined ? undefined : { path: log.path, lines });
  await leave(1);
} else if (isInterruption(outcome)) {
  await leave(outcome.code);
} else {
  const playground = outcome as Awaited<typeof touring>;
  printSummary(narrator, steps.records);
  if (options.once !== true) {
    printInvitation(playground);
    narrator.useClock();
    const ended = await Promise.race([interrupted, playground.controller.child.ended]);
    if (!isInterruption(ended)) {
      narrator.print("The controller has ended:");
      for (const line of (await log?.tail(shownLogLines)) ?? []) narrator.print(`  ${line}`);
      await leave(1);
    }
    narrator.print("\nEnding the controller, the Git server and the control plane ...");
  }
  await leave(0);
}

/**
 * Ends all that was started. What is still starting, or does not end in time, ends with this
 * process: nothing that the tour starts outlives it.
 */
async function leave(code: number): Promise<never> {
  narrator.silence();
  const late = delay(leaveMs, undefined, { ref: false });
  await Promise.race([stack.disposeAsync(), late]).catch(() => {});
  process.exit(code);
}

function isInterruption(value: unknown): value is Interruption {
  return typeof value === "object" && value !== null && "reason" in value && "code" in value;
}
