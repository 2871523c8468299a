/** The controller's log, for people: who did what to which object. */
import type { LogLine } from "./log-file.ts";

/** A line as the tour tells it; undefined for one that says nothing of an application. */
export function narrated(line: LogLine): string | undefined {
  const { level, msg, object, outcome, fields, manager, problem, err } = line;
  const trouble = level === "warn" || level === "error" || level === "fatal";
  if (!trouble && line.app === undefined) return undefined;
  const what = typeof object === "string" ? object : undefined;
  if (typeof manager === "string" && Array.isArray(fields)) {
    return `${msg}: ${what}, ${fields.length === 0 ? "which was gone" : `${fields.join(", ")} by ${manager}`}`;
  }
  const why = problem ?? (err as { message?: unknown } | undefined)?.message;
  const because = typeof why === "string" ? `: ${why}` : "";
  if (what === undefined) return `${msg}${because}`;
  return `${typeof outcome === "string" ? outcome : msg} ${what}${because}`;
}
