/** The answers of the rules, and the sentences that several of them share. */
import type { Health } from "../model/health.ts";

export const healthy: Health = { state: "Healthy" };

export function progressing(...parts: readonly (string | undefined)[]): Health {
  return { state: "Progressing", message: sentence(parts) };
}

export function degraded(...parts: readonly (string | undefined)[]): Health {
  return { state: "Degraded", message: sentence(parts) };
}

export function suspended(message: string): Health {
  return { state: "Suspended", message };
}

/** `2 of 3 replicas available` */
export function portion(part: number, whole: number, noun: string, what: string): string {
  return `${part} of ${whole} ${whole === 1 ? noun : `${noun}s`} ${what}`;
}

function sentence(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join("; ");
}
