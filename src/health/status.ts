/** Reading a status that may lack anything. */
import type { KubeObject } from "../model/object.ts";

export interface StatusCondition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

export type Fields = Record<string, unknown>;

export function statusOf(object: KubeObject): Fields {
  return fieldsOf(object.status);
}

export function specOf(object: KubeObject): Fields {
  return fieldsOf(object.spec);
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === "number" ? value : otherwise;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function conditionsOf(object: KubeObject): StatusCondition[] {
  return listOf(statusOf(object).conditions) as StatusCondition[];
}

export function conditionOf(object: KubeObject, type: string): StatusCondition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** `reason: message`, whichever of them there are. */
export function textOfCondition(condition: StatusCondition): string {
  return [condition.reason, condition.message]
    .filter((text) => text !== undefined && text !== "")
    .join(": ");
}

/** Has the controller of this object seen its current spec? kstatus: stale status tells nothing. */
export function isObserved(object: KubeObject): boolean {
  const { generation } = object.metadata;
  const observed = statusOf(object).observedGeneration;
  return generation === undefined || typeof observed !== "number" || observed >= generation;
}
