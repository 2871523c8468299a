/** When a rollback ends: a time, or how long it is until then. */
import { milliseconds } from "../../model/duration.ts";
import { timestamp } from "../../model/time.ts";

/**
 * @param text `2h`, `1h30m`, or RFC 3339: `2026-11-21T18:00:00Z`
 * @returns RFC 3339 in whole seconds
 * @throws Error when it is neither, or has passed
 */
export function endOf(text: string, now: Date): string {
  const isDuration = /^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h|d))+$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  if (!isDuration && !isTime) {
    throw new Error(
      `--until: ${JSON.stringify(text)} is neither a duration such as 2h nor a time such as 2026-11-21T18:00:00Z`,
    );
  }
  const at = isDuration ? now.getTime() + durationMs(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`--until: ${JSON.stringify(text)} is no time`);
  if (at <= now.getTime()) throw new Error(`--until: ${JSON.stringify(text)} has passed`);
  return timestamp(new Date(at));
}

const dayMs = 24 * 3_600_000;

function durationMs(text: string): number {
  const [, days = "0", rest = ""] = /^(?:(\d+(?:\.\d+)?)d)?(.*)$/.exec(text) ?? [];
  return Number(days) * dayMs + (rest === "" ? 0 : milliseconds(rest));
}
