/** B5: what it costs when nothing happens. */
import { setTimeout as delay } from "node:timers/promises";
import type { RunningController } from "../e2e/harness/controller.ts";
import type { Figure } from "./figure.ts";
import { usageOf } from "./processes.ts";
import { requestCounts, untilQuiet } from "./requests.ts";
import type { Setting } from "./setting.ts";
import { placesOf } from "./workload.ts";

/** Longer than the default interval of an Application: at least one look at Git is in it. */
const windowSeconds = 30;
const settleSeconds = 15;
/** All processes, renderers gone. */
const memoryGoalMiB = 150;

export async function measureIdle(
  { applications, audit }: Setting,
  controller: RunningController,
): Promise<Figure[]> {
  await untilQuiet(audit);
  // What was done before it: memory is given back when nothing is asked of it any more.
  await delay(settleSeconds * 1000);
  const mark = await audit.mark();
  const before = await usageOf(controller.pid);
  const started = performance.now();
  await delay(windowSeconds * 1000);
  const seconds = (performance.now() - started) / 1000;
  const after = await usageOf(controller.pid);
  const counts = requestCounts(await audit.requestsSince(mark));
  const objects = placesOf(applications).length;
  // The sweep looks at each object once in some hours: it reads it and asks by a dry-run.
  const sweep = counts.objectDryRuns * 2;
  const asked = counts.objectWrites + counts.objectReads + counts.objectDryRuns - sweep;
  const cpu = (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
  return [
    {
      scenario: "B5",
      what: `idle for ${windowSeconds} s: requests`,
      value: asked / objects,
      unit: "per object",
      atMost: 0,
    },
    {
      scenario: "B5",
      what: "idle: on Applications and Events",
      value: counts.applications,
      unit: "requests",
      atMost: 0,
    },
    {
      scenario: "B5",
      what: "idle: of the background sweep",
      value: sweep,
      unit: "requests",
    },
    { scenario: "B5", what: "idle: CPU, of one core", value: cpu, unit: "%", atMost: 1 },
    {
      scenario: "B5",
      what: "idle: memory of the controller",
      value: after.residentMiB,
      unit: "MiB",
      atMost: memoryGoalMiB,
    },
  ];
}
