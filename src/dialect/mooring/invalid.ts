/** What is wrong with a spec, in words for its author. */
import type { z } from "zod";
import type { ApplicationSpec } from "../../model/application.ts";
import { specRules } from "./rules.ts";

type Path = readonly PropertyKey[];

/** The first issue of a spec that the model's schema refused: `spec.prune: must be a boolean`. */
export function issueOf(error: z.ZodError, spec: unknown): string {
  const [issue] = error.issues;
  if (issue === undefined) return "spec: not valid";
  return `${pathText(issue.path)}: ${wanted(issue, valueAt(spec, issue.path))}`;
}

function wanted(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return value === undefined
        ? "is required"
        : `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return issue.pattern?.includes("(ms|s|m|h)")
        ? "must be a duration such as 20s, 5m or 1h30m"
        : `must match ${issue.pattern ?? issue.format}`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty"
        : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string"
        ? `must not have more than ${issue.maximum} characters`
        : issue.origin === "array"
          ? `must not have more than ${issue.maximum} items`
          : `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** The first of {@link specRules} that a spec breaks. */
export function brokenRule(spec: ApplicationSpec): string | undefined {
  for (const { path, field, message, holds } of specRules) {
    const [, ...steps] = path.split(/\.|(?=\[\])/);
    for (const [where, value] of valuesAt(spec, steps, []))
      if (!holds(value))
        return `${pathText(field === undefined ? where : [...where, field])}: ${message}`;
  }
  return undefined;
}

/**
 * The first field of a spec that its parsed form lacks. The apiserver prunes what its CRD does not
 * know, so such a field comes from a CRD newer than this controller: it asks for something that
 * would not be done.
 */
export function unknownField(spec: unknown, parsed: unknown): string | undefined {
  const path = missing(spec, parsed, []);
  return path === undefined ? undefined : pathText(path);
}

function missing(given: unknown, parsed: unknown, path: Path): Path | undefined {
  // What was taken as it is: values of a chart, which may be large.
  if (given === parsed) return undefined;
  if (typeof given !== "object" || given === null) return undefined;
  if (typeof parsed !== "object" || parsed === null) return undefined;
  for (const [key, value] of Object.entries(given)) {
    const step = Array.isArray(given) ? Number(key) : key;
    if (!Object.hasOwn(parsed, key)) return [...path, step];
    const deeper = missing(value, (parsed as Record<string, unknown>)[key], [...path, step]);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

function* valuesAt(
  value: unknown,
  steps: readonly string[],
  path: Path,
): Iterable<[Path, unknown]> {
  const [step, ...rest] = steps;
  if (value === undefined) return;
  if (step === undefined) yield [path, value];
  else if (step === "[]")
    for (const [index, item] of (value as unknown[]).entries())
      yield* valuesAt(item, rest, [...path, index]);
  else yield* valuesAt((value as Record<string, unknown>)[step], rest, [...path, step]);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );
}

/** `spec.ignoreDifferences[0].kind` */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    "spec",
  );
}
