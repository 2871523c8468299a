/**
 * JSON with integers kept exactly. Kubernetes' integers have 64 bits, JavaScript's numbers 53: an
 * integer past 2^53 is held as what `JSON.rawJSON` makes, which `JSON.stringify` writes digit for
 * digit, wherever the object is serialised. Such a value is opaque (`typeof` says object): compare
 * it by its JSON, and never pass it through structuredClone, which makes a plain object of it.
 */
interface RawJson {
  readonly rawJSON: string;
}

/** ECMAScript 2026; the compiler's library does not know it yet. */
interface ExactJson {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ): unknown;
}
const json = JSON as unknown as ExactJson;

/** A number when that is exact, otherwise raw JSON. */
export function exactInteger(value: bigint): number | object {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : json.rawJSON(value.toString());
}

/** An integer that {@link exactInteger} could not hold as a number. */
export function isExactInteger(value: unknown): value is object {
  return json.isRawJSON(value);
}

/** `JSON.parse` that keeps integers past 2^53. */
export function parseExact(text: string): unknown {
  // A reviver makes parsing ten times slower: only for texts that may need it.
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(source)
      ? json.rawJSON(source)
      : value,
  );
}
