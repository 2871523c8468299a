/** R: renders beside the official programs', and what they do to the process that asks for them. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startGitServer } from "../../git/server.ts";
import type { Figure } from "../figure.ts";
import { endedChildrenSeconds } from "../processes.ts";
import { median } from "../statistics.ts";
import { type Tool, timeOfficial } from "./official.ts";
import type { RenderAsked, Rendered, RendererSettings } from "./protocol.ts";
import { RenderingProcess } from "./renderer.ts";
import { bomb, chart, filesOf, overlayOf, plantTree } from "./tree.ts";

/** Of each program and of ours, in turn. */
const warmRounds = 20;
/** Renders before, in which the engine finds out what to compile well. */
const warmUps = 60;
const idleRounds = 3;
const coldRenders = 200;
/** Of warm renders beside the official program's. */
const goals: Record<Tool, number> = { helm: 0.2, kustomize: 1.2 };
const minute = 60_000;
/** Milliseconds between samples. */
const idlerResolution = 5;

export interface RenderOptions {
  readonly stack: AsyncDisposableStack;
  /** Directory that gets the CPU profiles. */
  readonly profile?: string;
}

interface Ground {
  /** The tree on disk. */
  readonly root: string;
  start(settings: Pick<RendererSettings, "workers" | "idleMs">): Promise<RenderingProcess>;
}

export async function measureRenders({ stack, profile }: RenderOptions): Promise<Figure[]> {
  const place = await mkdtemp(join(tmpdir(), "mooring-bench-render-"));
  stack.defer(() => rm(place, { recursive: true, force: true }));
  const root = join(place, "tree");
  await plantTree(root, coldRenders);
  const server = stack.use(await startGitServer());
  const repository = await server.createRepository("renders");
  const commit = await repository.commit(await filesOf(root));
  let started = 0;
  const ground: Ground = {
    root,
    async start(settings) {
      started += 1;
      const directory = join(place, `process-${started}`);
      await mkdir(directory);
      const all = { url: server.url("renders"), commit, directory, ...settings };
      return RenderingProcess.start(all, profile);
    },
  };
  return [
    ...(await warm(ground)),
    ...(await afterIdle(ground)),
    ...(await cold(ground)),
    ...(await hostile(ground)),
  ];
}

/** Inputs that were never rendered, on a thread that has rendered others; and the program, in turn. */
async function warm(ground: Ground): Promise<Figure[]> {
  await using renderer = await ground.start({ workers: 1, idleMs: 10 * minute });
  const figures: Figure[] = [];
  for (const tool of ["helm", "kustomize"] as const) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < warmUps; round++)
      secondsOf(await renderer.render([inputOf(tool, round)]));
    let cpuSeconds = 0;
    const before = await endedChildrenSeconds();
    for (let round = warmUps; round < warmUps + warmRounds; round++) {
      const rendered = await renderer.render([inputOf(tool, round)]);
      ours.push(...secondsOf(rendered));
      cpuSeconds += rendered.cpuSeconds;
      theirs.push(await timeOfficial(tool, ground.root, round));
    }
    const theirCpuSeconds = (await endedChildrenSeconds()) - before;
    const ratio = median(ours) / median(theirs);
    figures.push(
      figure(`${tool}, warm`, ratio, "x binary", { atMost: goals[tool] }),
      figure(`${tool}, warm: CPU time of all threads`, cpuSeconds / theirCpuSeconds, "x binary"),
      figure(`${tool}, warm, p50 of ${warmRounds}`, median(ours) * 1000, "ms"),
      figure(`the official ${tool}, p50`, median(theirs) * 1000, "ms"),
    );
  }
  return figures;
}

/** The first render when the renderers' threads had gone. */
async function afterIdle(ground: Ground): Promise<Figure[]> {
  await using renderer = await ground.start({ workers: 1, idleMs: 1_000 });
  const figures: Figure[] = [];
  for (const tool of ["helm", "kustomize"] as const) {
    const first: number[] = [];
    for (let round = 0; round < idleRounds; round++) {
      await renderer.rest();
      first.push(...secondsOf(await renderer.render([inputOf(tool, round + 100)])));
    }
    const what = `${tool}, first render after idle, p50 of ${idleRounds}`;
    figures.push(figure(what, median(first) * 1000, "ms"));
  }
  return figures;
}

/** Different inputs, all asked for at once in a process that has rendered nothing yet. */
async function cold(ground: Ground): Promise<Figure[]> {
  const workers = availableParallelism();
  await using renderer = await ground.start({ workers, idleMs: 1_000 });
  const sources = Array.from({ length: coldRenders }, (_, index) =>
    inputOf(index % 2 === 0 ? "helm" : "kustomize", index),
  );
  const idler = monitorEventLoopDelay({ resolution: idlerResolution });
  idler.enable();
  const rendered = await renderer.render(sources);
  idler.disable();
  const idlerMs = Math.max(0, idler.percentile(99) / 1e6 - idlerResolution);
  secondsOf(rendered);
  const peak = await renderer.peakMiB();
  const resting = await renderer.rest();
  const { cpuSeconds, idleSeconds, seconds, delayMs } = rendered;
  const what = `${coldRenders} cold renders`;
  return [
    figure(what, seconds, "s"),
    // What others on the machine took was not ours to use.
    figure(
      `${what}: of the CPU time that was there`,
      (100 * cpuSeconds) / (cpuSeconds + idleSeconds),
      "%",
      {
        atLeast: 80,
      },
    ),
    figure(`${what}: event loop's delay, p99`, delayMs, "ms"),
    // A busy machine costs that anybody: of ours is what is beyond.
    figure(`${what}: beyond that of a process that does nothing`, delayMs - idlerMs, "ms", {
      atMost: 20,
    }),
    figure(`${what}: memory at most, ${workers} threads`, peak, "MiB", {
      ...(workers === 2 ? { atMost: 400 } : {}),
    }),
    figure("memory of the process that rendered, at rest", resting, "MiB"),
  ];
}

/** A chart that takes all memory that it can get, twice, between harmless ones. */
async function hostile(ground: Ground): Promise<Figure[]> {
  await using renderer = await ground.start({ workers: 2, idleMs: 1_000 });
  secondsOf(await renderer.render([inputOf("helm", 1), inputOf("kustomize", 1)]));
  const before = await renderer.rest();
  const bombs = ["one", "two"].map((key) => ({ path: bomb, tool: "helm" as const, key }));
  const rendered = await renderer.render([...bombs, inputOf("helm", 2), inputOf("kustomize", 2)]);
  const [first, second, ...harmless] = rendered.outcomes;
  const ended = [first, second].every(
    (outcome) => outcome && "failed" in outcome && outcome.failed === "LimitExceeded",
  );
  if (!ended || harmless.some((outcome) => "failed" in outcome))
    throw new Error(`a chart that takes all memory: ${JSON.stringify(rendered.outcomes)}`);
  const after = await renderer.rest();
  return [
    figure("memory that a chart's endless text leaves taken", after - before, "MiB", {
      atMost: 16,
    }),
    figure("the same: event loop's delay meanwhile, p99", rendered.delayMs, "ms"),
  ];
}

/** @param number another one, another input: nothing that was rendered before serves it */
function inputOf(tool: Tool, number: number): RenderAsked {
  const key = `${tool}-${number}`;
  if (tool === "kustomize") return { path: overlayOf(number), tool, key };
  const parameters = [{ name: "replicaCount", value: String(number + 1) }];
  return { path: chart, tool, key, helm: { parameters } };
}

/** @throws Error when one failed, or rendered nothing */
function secondsOf({ outcomes }: Rendered): number[] {
  return outcomes.map((outcome) => {
    if ("failed" in outcome || outcome.objects === 0)
      throw new Error(`a render that should succeed: ${JSON.stringify(outcome)}`);
    return outcome.seconds;
  });
}

function figure(
  what: string,
  value: number,
  unit: Figure["unit"],
  goal: Pick<Figure, "atMost" | "atLeast"> = {},
): Figure {
  return { scenario: "R", what, value, unit, ...goal };
}
