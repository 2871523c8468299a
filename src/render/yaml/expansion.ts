import { isExactInteger } from "../../model/exact-json.ts";

/** How large a value is once its aliases are written out; undefined when it contains itself. */
export interface Expansion {
  values: number;
  /** About its length as JSON. */
  bytes: number;
  depth: number;
}

/**
 * Measures a value whose parts may be shared, in time proportional to the shared form: the
 * expansion of "billion laughs" is computed, never made.
 */
export function measureExpansion(value: unknown): Expansion | undefined {
  const known = new Map<object, Expansion | undefined>();
  const measure = (value: unknown): Expansion | undefined => {
    if (typeof value === "string") return { values: 1, bytes: value.length + 3, depth: 0 };
    if (typeof value !== "object" || value === null || isExactInteger(value)) {
      return { values: 1, bytes: 8, depth: 0 };
    }
    if (known.has(value)) return known.get(value);
    // Until it is measured: whoever meets it again from inside has found a cycle.
    known.set(value, undefined);
    const total = { values: 1, bytes: 2, depth: 0 };
    const isArray = Array.isArray(value);
    for (const [key, item] of Object.entries(value)) {
      const part = measure(item);
      if (part === undefined) return undefined;
      total.values += part.values;
      total.bytes += part.bytes + (isArray ? 1 : key.length + 4);
      total.depth = Math.max(total.depth, part.depth + 1);
    }
    known.set(value, total);
    return total;
  };
  return measure(value);
}
