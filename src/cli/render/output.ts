/** Rendered objects as text, which kubectl and any other reader of YAML takes for the same objects. */
import { Document, isScalar, Scalar, visit } from "yaml";
import type { RenderedObject } from "../../model/desired.ts";
import { isExactInteger } from "../../model/exact-json.ts";
import { groupOf, type KubeObject } from "../../model/object.ts";
import { isHook } from "../../plan/targets.ts";
import { resolveScalar } from "../../render/yaml/scalars.ts";
import { isSecret, redacted } from "../../status/redaction.ts";

/** A stream of documents, each below a comment with its source. */
export function toYaml(objects: readonly RenderedObject[]): string {
  return objects
    .map((one) => {
      // What Helm takes for spaces between hooks may be line breaks.
      const hooks = one.hook?.split(/\s+/).join("");
      const hook = isHook(one) ? `# Hook: ${hooks} (Mooring does not run hooks yet)\n` : "";
      return `---\n# Source: ${inLine(one.origin)}\n${hook}${document(one.object)}`;
    })
    .join("");
}

/** One `List`. */
export function toJson(objects: readonly RenderedObject[]): string {
  const items = objects.map(({ object }) => object);
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 2);
  return `${text.replace(unescaped, escaped)}\n`;
}

/** The object with `***` for the values, should it be a Secret. */
export function withoutSecretValues(object: KubeObject): KubeObject {
  if (!isSecret({ group: groupOf(object.apiVersion), kind: object.kind })) return object;
  const result = { ...object };
  for (const field of ["data", "stringData"]) {
    const values = object[field];
    if (typeof values !== "object" || values === null) continue;
    result[field] = Object.fromEntries(Object.keys(values).map((key) => [key, redacted]));
  }
  return result;
}

/** Numbers in sixties, dates, merge keys: what readers of YAML 1.1 make of a text and ours does not. */
const meantOtherwise = /^([-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9]{4}-[0-9]|<<|=)/;
/** Not printable in YAML, or a line break to some. */
const unprintable = /[[\p{Cc}--[\n\t]]\u2028\u2029\ufeff\ufffe\uffff]/v;
const unescaped = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

function document(object: KubeObject): string {
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

function escaped(found: string): string {
  return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function inLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
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
