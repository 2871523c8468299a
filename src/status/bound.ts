/**
 * Texts for status, Events and metrics: one line, printable, redacted, bounded in bytes of
 * UTF-8 (etcd and the apiserver count bytes, and names may be in any script).
 */
import { redactText } from "./redaction.ts";

/** More than this of a text is never looked at. */
const maxInput = 65536;

/** C0 and C1 controls (ANSI escapes among them), line and paragraph separators, bidirectional overrides. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** At most `maxBytes` of UTF-8, cut between characters and then ended by `…`. */
export function boundText(text: string, maxBytes: number): string {
  const clean = redactText(text.slice(0, maxInput)).replace(unprintable, " ").trim();
  if (Buffer.byteLength(clean) <= maxBytes) return clean;
  const room = maxBytes - Buffer.byteLength("…");
  let bytes = 0;
  let end = 0;
  for (const character of clean) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    end += character.length;
  }
  return `${clean.slice(0, end)}…`;
}

/** The first texts of many, and how many more there are: `a; b; c; and 12 more`. */
export function enumerate(texts: readonly string[], shown: number, total = texts.length): string {
  const first = texts.slice(0, shown);
  const rest = total - first.length;
  const listed = rest > 0 ? [...first, `and ${rest} more`] : first;
  // A sentence that goes on needs no end.
  return listed
    .map((text, at) => (at < listed.length - 1 ? text.replace(/\.$/, "") : text))
    .join("; ");
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
