/** Objects as text, and what is in them as it is. */
import { Document, isScalar, Scalar, visit } from "yaml";
import { isExactInteger } from "../../model/exact-json.ts";
import { resolveScalar } from "../../render/yaml/scalars.ts";

/** Numbers in sixties, dates, merge keys: what readers of YAML 1.1 make of a text and ours does not. */
const meantOtherwise = /^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9]{4}-[0-9]|<<|=)/;
/** Not printable in YAML, a line break to some, or what turns the reading direction of what follows. */
const unprintable =
  /[[\p{Cc}--[\n\t]]\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/v;
const unescaped = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g;

/** One document, without the line that begins it: kubectl and any other reader of YAML takes it for the same object. */
export function yamlDocument(object: unknown): string {
  const document = new Document(withBigInts(object), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (isScalar(node) && typeof node.value === "string" && mustQuote(node.value)) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  // Such characters are in double quotes by now.
  return document.toString({ lineWidth: 0 }).replace(unescaped, escaped);
}

/** Indented JSON; what a terminal takes for commands is escaped. */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(unescaped, escaped)}\n`;
}

/** The same in one line, without its end. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unescaped, escaped);
}

function escaped(found: string): string {
  return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function mustQuote(text: string): boolean {
  return (
    resolveScalar(text) !== text ||
    // go-yaml does not find the indentation of a block that begins with a tab.
    /^\s/.test(text) ||
    meantOtherwise.test(text) ||
    unprintable.test(text)
  );
}

/** Integers past 2^53 as what the YAML library writes digit for digit. */
function withBigInts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBigInts);
  if (isExactInteger(value)) return BigInt(JSON.stringify(value));
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, withBigInts(member)]));
}
