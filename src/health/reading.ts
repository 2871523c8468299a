/**
 * Reading objects whose types nobody checked: custom resources may hold anything anywhere, so
 * what has another type than expected counts as absent. Nothing here throws.
 */
import type { KubeObject } from "../model/object.ts";

type Fields = Record<string, unknown>;

/** A condition of `status.conditions`; what is no string is absent. */
export interface ObservedCondition {
  type: string;
  status: string;
  reason: string | undefined;
  message: string | undefined;
  observedGeneration: number | undefined;
}

export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isFields(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

export function integerAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return Number.isInteger(found) ? (found as number) : undefined;
}

/** A count of a status: the API leaves zeros out. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  return integerAt(value, ...path) ?? 0;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function conditionsOf(object: KubeObject): readonly ObservedCondition[] {
  return listAt(object, "status", "conditions").flatMap((item) => {
    const type = textAt(item, "type");
    const status = textAt(item, "status");
    if (type === undefined || status === undefined) return [];
    return [
      {
        type,
        status,
        reason: textAt(item, "reason"),
        message: textAt(item, "message"),
        observedGeneration: integerAt(item, "observedGeneration"),
      },
    ];
  });
}

export function conditionOf(object: KubeObject, type: string): ObservedCondition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** What a condition says to a person: its message, else its reason, else its name and status. */
export function wordsOf({ type, status, reason, message }: ObservedCondition): string {
  return message ?? reason ?? `${type} is ${status}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
