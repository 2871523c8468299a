/**
 * `npm run bench`: how fast, and at what cost, on a real control plane; held to its goals.
 * Figures of different machines, or of different runs, are not comparable; ratios to the floor are.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { onParentEnd } from "../cluster/parent.ts";
import { measureHeals } from "./drift.ts";
import { type Figure, isMissed, missedGoal } from "./figure.ts";
import { measureFloor } from "./floor.ts";
import { measureIdle } from "./idle.ts";
import { install, installFigures, type Round } from "./install.ts";
import { measurePushes } from "./push.ts";
import { measureRenders } from "./render/measure.ts";
import { measureRendered } from "./rendered.ts";
import { openSetting } from "./setting.ts";
import { table } from "./table.ts";
import { objectsEach } from "./workload.ts";

const scenarios = ["B1", "B3", "B4", "B5", "R"] as const;
type Chosen = (typeof scenarios)[number];

const options = new Command("npm run bench --")
  .description("Measures Mooring on a real Kubernetes control plane, and holds it to its goals.")
  .option("--only <scenarios>", "of B1,B3,B4,B5,R; the floor comes with B1", chosen, [...scenarios])
  .option("--scale <applications>", `of ${objectsEach} objects each`, wholeNumber, 100)
  .option("--rounds <count>", "of B1, each on a new control plane", wholeNumber, 3)
  .option("--json [file]", "the figures as JSON, instead of the table or into a file")
  .option("--flags <flags>", "further flags of the controller, to compare settings", words)
  .option(
    "--profile <directory>",
    "where the measured processes write their CPU profiles when they end",
  )
  .parse()
  .opts<{
    only: Chosen[];
    scale: number;
    rounds: number;
    json?: true | string;
    flags?: string[];
    profile?: string;
  }>();

if (process.env.npm_lifecycle_event !== undefined) {
  // What was started ends with this process.
  onParentEnd(() => process.kill(process.pid, "SIGKILL"));
}
const figures = await measure();
const missed = figures.filter(isMissed);
const document = {
  applications: options.scale,
  objects: options.scale * objectsEach,
  cores: availableParallelism(),
  node: process.version,
  figures,
  missed: missed.map(missedGoal),
};
const json = `${JSON.stringify(document, undefined, 2)}\n`;
if (typeof options.json === "string") await writeFile(options.json, json);
if (options.json === true) process.stdout.write(json);
else {
  const { applications, objects, cores } = document;
  console.log(`${applications} applications, ${objects} objects, ${cores} cores\n`);
  console.log(table(figures));
}
for (const figure of missed) console.error(`Goal missed: ${missedGoal(figure)}`);
process.exitCode = missed.length > 0 ? 1 : 0;

async function measure(): Promise<Figure[]> {
  const wanted = new Set(options.only);
  const figures: Figure[] = [];
  if (wanted.delete("R")) {
    await using stack = new AsyncDisposableStack();
    tell("R: renders");
    figures.push(...(await measureRenders({ stack, ...(await profiling()) })));
  }
  if (wanted.size === 0) return figures;
  await using last = new AsyncDisposableStack();
  const rounds: Round[] = [];
  for (let round = 1; wanted.has("B1") && round < options.rounds; round++) {
    await using stack = new AsyncDisposableStack();
    rounds.push((await installRound(stack, `B1: install, round ${round}`)).round);
  }
  // What the last one installed is what the others are measured with.
  const { setting, controller, round } = await installRound(last, "install");
  const unlessLost = <T>(work: Promise<T>) => Promise.race([work, setting.controllerLost]);
  if (wanted.has("B1")) figures.push(...installFigures([...rounds, round]));
  if (wanted.has("B3")) {
    tell("B3: pushes");
    figures.push(...(await unlessLost(measurePushes(setting))));
  }
  if (wanted.has("B4")) {
    tell("B4: drift");
    figures.push(...(await unlessLost(measureHeals(setting))));
  }
  if (wanted.has("B5")) {
    tell("B5: charts and kustomizations");
    figures.push(...(await unlessLost(measureRendered(setting, controller))));
    tell("B5: idle");
    figures.push(...(await unlessLost(measureIdle(setting, controller))));
  }
  return figures;
}

/** @param stack gets everything that has to be ended */
async function installRound(stack: AsyncDisposableStack, what: string) {
  tell(what);
  const setting = await openSetting({
    applications: options.scale,
    stack,
    flags: options.flags ?? [],
    ...(await profiling()),
  });
  // Nobody asks for it when only the other scenarios are wanted.
  const floorSeconds = options.only.includes("B1") ? await measureFloor(setting) : Number.NaN;
  const controller = await setting.startController();
  const installing = install(setting, controller);
  const installation = await Promise.race([installing, setting.controllerLost]);
  const round: Round = { floorSeconds, installation };
  return { setting, controller, round };
}

/** Progress: not part of the figures. */
function tell(what: string): void {
  console.error(`bench: ${what} ...`);
}

async function profiling(): Promise<{ profile?: string }> {
  if (options.profile === undefined) return {};
  await mkdir(options.profile, { recursive: true });
  return { profile: resolve(options.profile) };
}

function chosen(text: string): Chosen[] {
  return text.split(",").map((name) => {
    const scenario = scenarios.find((one) => one === name.trim().toUpperCase());
    if (scenario === undefined) {
      throw new InvalidArgumentError(`${name} is none of ${scenarios.join(", ")}.`);
    }
    return scenario;
  });
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new InvalidArgumentError("a whole number from 1 to 10000 is expected.");
  }
  return value;
}
