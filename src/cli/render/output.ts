/** Rendered objects as text, which kubectl and any other reader of YAML takes for the same objects. */
import type { RenderedObject } from "../../model/desired.ts";
import { groupOf, type KubeObject } from "../../model/object.ts";
import { isHook } from "../../plan/targets.ts";
import { isSecret, redacted } from "../../status/redaction.ts";
import { jsonDocument, yamlDocument } from "../output/documents.ts";

/** A stream of documents, each below a comment with its source. */
export function toYaml(objects: readonly RenderedObject[]): string {
  return objects
    .map((one) => {
      // What Helm takes for spaces between hooks may be line breaks.
      const hooks = one.hook?.split(/\s+/).join("");
      const hook = isHook(one) ? `# Hook: ${hooks} (Mooring does not run hooks yet)\n` : "";
      return `---\n# Source: ${inLine(one.origin)}\n${hook}${yamlDocument(one.object)}`;
    })
    .join("");
}

/** One `List`. */
export function toJson(objects: readonly RenderedObject[]): string {
  const items = objects.map(({ object }) => object);
  return jsonDocument({ apiVersion: "v1", kind: "List", items });
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

function inLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
}
