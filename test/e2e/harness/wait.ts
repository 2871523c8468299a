/** Waiting for conditions, never for time. */
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 50;
/** Of a busy machine: what holds is seen at once, so only a failure takes that long. */
const defaultDeadlineMs = 60_000;

/**
 * Looks every 50 ms until what it sees holds.
 * @returns what was seen then
 * @throws Error with the last value seen, or the last error of looking, at the deadline
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean = Boolean,
  deadlineMs = defaultDeadlineMs,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    let last: string;
    try {
      const seen = await look();
      if (holds(seen)) return seen;
      last = show(seen);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline)
      throw new Error(`not within ${deadlineMs} ms: ${what}\nlast seen: ${last}`);
    await delay(pollMs);
  }
}

function show(seen: unknown): string {
  return typeof seen === "string" ? seen : (JSON.stringify(seen, undefined, 1) ?? String(seen));
}
