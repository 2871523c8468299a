import parse from "parse-duration";

/**
 * Milliseconds of a duration in Go's notation (`1h30m`, `20s`, `1.5m`).
 * @throws RangeError for what the schema of durations does not admit.
 */
export function milliseconds(duration: string): number {
  const parsed = parse(duration, "ms");
  if (parsed === null || parsed === undefined || !Number.isFinite(parsed))
    throw new RangeError(`not a duration: ${duration}`);
  return parsed;
}
