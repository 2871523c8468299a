/**
 * JSON Schema, as zod writes it -> the structural schema that kube-apiserver takes.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
import { specRules } from "./rules.ts";
import { supplements } from "./supplement.ts";

export type Schema = Record<string, unknown>;

/** Keywords that mean the same to both. */
const kept = new Set([
  "default",
  "description",
  "enum",
  "maxItems",
  "maxLength",
  "maximum",
  "minItems",
  "minLength",
  "minimum",
  "pattern",
  "type",
]);
/** Translated below, or (unknown fields are pruned, the dialect is implied) without a meaning here. */
const translated = new Set([
  "$schema",
  "additionalProperties",
  "format",
  "items",
  "properties",
  "required",
]);

/**
 * @param path where the schema stands: `spec`, `status.history[].author`
 * @throws Error for a schema that cannot be said, and for a text or list without a bound: the
 *   apiserver estimates what CEL rules cost by the bounds
 */
export function structural(schema: Schema, path: string): Schema {
  const out: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (kept.has(keyword)) out[keyword] = value;
    else if (!translated.has(keyword))
      throw new Error(`${path}: a CRD cannot say ${keyword}: ${JSON.stringify(value)}`);
  }
  // What zod calls unknown is an object whose members are its author's: a chart's values.
  if (schema.type === undefined && schema.enum === undefined)
    Object.assign(out, { type: "object", "x-kubernetes-preserve-unknown-fields": true });
  Object.assign(out, supplements[path]);
  if (schema.type === "integer") integer(out);
  if (schema.format === "date-time") {
    // The apiserver knows the format; the pattern is zod's own.
    out.format = schema.format;
    delete out.pattern;
  }
  const properties = schema.properties as Record<string, Schema> | undefined;
  if (properties !== undefined) {
    const inner = Object.entries(properties).map(
      ([name, property]) => [name, structural(property, `${path}.${name}`)] as const,
    );
    out.properties = Object.fromEntries(inner);
  }
  if (schema.items !== undefined) out.items = structural(schema.items as Schema, `${path}[]`);
  const required = schema.required as string[] | undefined;
  if (required !== undefined && required.length > 0) out.required = required;

  const validations = specRules
    .filter((rule) => rule.path === path)
    .map(({ cel, message, field }) => ({
      rule: cel,
      message,
      ...(field === undefined ? {} : { fieldPath: `.${field}` }),
    }));
  if (validations.length > 0) out["x-kubernetes-validations"] = validations;
  requireBounds(out, path);
  return out;
}

function integer(out: Schema): void {
  // The safe range of a JavaScript number says nothing.
  if (out.maximum === Number.MAX_SAFE_INTEGER) delete out.maximum;
  if (out.minimum === Number.MIN_SAFE_INTEGER) delete out.minimum;
  out.format = "int64";
}

function requireBounds(out: Schema, path: string): void {
  if (out["x-kubernetes-preserve-unknown-fields"] === true && out.maxProperties === undefined)
    throw new Error(`${path}: an object of anything without maxProperties`);
  if (out.type === "array" && out.maxItems === undefined)
    throw new Error(`${path}: a list without maxItems`);
  const bounded = out.maxLength ?? out.enum ?? out.format;
  // An id of fixed length is bounded by its pattern.
  if (out.type === "string" && bounded === undefined && out.pattern === undefined)
    throw new Error(`${path}: a text without maxLength`);
}
