/** A line of the controller's log (status/logging.ts) for people. */
import { coloured, type Tone } from "../output/colour.ts";
import { neutralLine } from "../output/neutral.ts";

type Members = Readonly<Record<string, unknown>>;

const tones: ReadonlyMap<string, Tone> = new Map([
  ["warn", "busy"],
  ["error", "bad"],
  ["fatal", "bad"],
  ["debug", "faint"],
  ["trace", "faint"],
]);
/** Said otherwise, or by the question itself. */
const known = new Set(["level", "time", "msg", "app", "err", "revision"]);

/** undefined: no line of JSON, as what Node itself says before it dies. */
export function parseLine(text: string): Members | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Members) : undefined;
  } catch {
    return undefined;
  }
}

/** `2026-11-21T10:26:51.579Z info   object created  object="Deployment.apps shop/web" outcome=created` */
export function readableLine(line: Members, colour: boolean): string {
  const level = String(line.level ?? "");
  const error = line.err as { message?: unknown; code?: unknown } | undefined;
  const rest = Object.entries(line)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => `${name}=${quoted(value)}`);
  const said = [line.msg, error?.message].filter((text) => text !== undefined).join(": ");
  const parts = [
    neutralLine(String(line.time ?? "")),
    coloured(neutralLine(level).padEnd(5), tones.get(level), colour),
    neutralLine(said),
    ...(rest.length === 0 ? [] : [coloured(neutralLine(rest.join(" ")), "faint", colour)]),
  ];
  return parts.join("  ");
}

function quoted(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value);
}
