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

const mayBeLong = /[0-9]{16}/;
/** An integer that a number may not hold, outside of texts; not where a key would be. */
const longInteger = /(?<![0-9.eE+-])-?[1-9][0-9]{15,}(?![0-9.eE]|\s*:)/g;
/** A NUL in a text of JSON has no other spelling. */
const escapedNul = '"\\u0000';
const marks = { integer: "\0i", text: "\0t" } as const;

/**
 * `JSON.parse` that keeps integers past 2^53, at any depth: how deep an object is, is up to whoever
 * may write to the cluster. (JSON.parse with a reviver calls itself for each level until the stack
 * is full, and takes ten times as long.)
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  const marked = mayBeLong.test(text) ? mark(text) : undefined;
  if (marked === undefined) return JSON.parse(text);
  const [value] = unmarked([JSON.parse(marked)]);
  return value;
}

/**
 * Integers that a number does not hold, as texts that begin with a mark; texts that began so by
 * themselves have another one. undefined: there is no such integer.
 */
function mark(text: string): string | undefined {
  let any = false;
  const asText = (digits: string) => {
    if (Number.isSafeInteger(Number(digits))) return digits;
    any = true;
    return `"\\u0000i${digits}"`;
  };
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    const outside = text.slice(at, end);
    parts.push(outside.length < 16 ? outside : outside.replace(longInteger, asText));
    at = endOfText(text, end);
    const isMark = text.startsWith(escapedNul, end) && !isKeyBefore(text, at);
    parts.push(isMark ? `"\\u0000t${text.slice(end + 1, at)}` : text.slice(end, at));
  }
  return any ? parts.join("") : undefined;
}

/** Only white space is between `at` and a colon. */
function isKeyBefore(text: string, at: number): boolean {
  const colon = /\s*:/y;
  colon.lastIndex = at;
  return colon.test(text);
}

/** Behind the quote that ends the text which begins at `quote`. */
function endOfText(text: string, quote: number): number {
  for (let at = quote + 1; ; at++) {
    const end = text.indexOf('"', at);
    // No JSON: that is for the parser to say.
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
    at = end;
  }
}

function unmarked(values: unknown[]): readonly unknown[] {
  const left: object[] = [values];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const members = at as Record<PropertyKey, unknown>;
    const look = (key: PropertyKey) => {
      const value = members[key];
      if (typeof value === "object" && value !== null) left.push(value);
      else if (typeof value !== "string") return;
      else if (value.startsWith(marks.integer)) members[key] = json.rawJSON(value.slice(2));
      else if (value.startsWith(marks.text)) members[key] = value.slice(2);
    };
    if (Array.isArray(at)) for (let i = 0; i < at.length; i++) look(i);
    else for (const key of Object.keys(at)) look(key);
  }
  return values;
}

/** Does it nest collections deeper than so many levels? Looks no further, and at any depth. */
export function isDeeper(value: unknown, levels: number): boolean {
  let [left, depth] = [[value].filter(isCollection), 0];
  for (; left.length > 0; depth++) {
    if (depth >= levels) return true;
    left = left.flatMap((each) => Object.values(each).filter(isCollection));
  }
  return false;
}

function isCollection(value: unknown): value is object {
  return typeof value === "object" && value !== null && !json.isRawJSON(value);
}
