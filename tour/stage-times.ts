/** How long the controller took for each stage, by its own clock: read from its metrics. */
import { milliseconds } from "./narrator.ts";

const stages = ["fetch", "render", "plan", "apply"] as const;
type Times = Readonly<Record<string, number>>;

/** @param url of the controller. @returns seconds since its start, by stage */
async function read(url: string): Promise<Times> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  const line = /^mooring_stage_duration_seconds_sum\{stage="(\w+)"\} (\S+)$/gm;
  return Object.fromEntries([...text.matchAll(line)].map(([, stage, sum]) => [stage, Number(sum)]));
}

/** Begins to count. @returns tells what was spent since: `fetch 40 ms, render 9 ms` */
export async function countStages(url: string): Promise<() => Promise<string>> {
  const before = await read(url);
  return async () => {
    const after = await read(url);
    return stages
      .map((stage) => [stage, ((after[stage] ?? 0) - (before[stage] ?? 0)) * 1000] as const)
      .filter(([, ms]) => ms > 0)
      .map(([stage, ms]) => `${stage} ${ms < 1 ? "<1 ms" : milliseconds(ms)}`)
      .join(", ");
  };
}
