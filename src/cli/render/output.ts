/** Rendered objects as text, which kubectl and any other reader of YAML takes for the same objects. */
import type { RenderedObject } from "../../model/desired.ts";
import { groupOf, type KubeObject } from "../../model/object.ts";
import { isHook } from "../../plan/targets.ts";
import { isSecret, lastAppliedAnnotation, redacted } from "../../status/redaction.ts";
import { jsonDocument, yamlDocument } from "../output/documents.ts";
import { neutralLine } from "../output/neutral.ts";

/** A stream of documents, each below a comment with its source. */
export function toYaml(objects: readonly RenderedObject[]): string {
  return objects
    .map((one) => {
      // What Helm takes for spaces between hooks may be line breaks.
      const hooks = one.hook?.split(/\s+/).join("");
      const hook = isHook(one) ? `# Hook: ${hooks} (Mooring does not run hooks yet)\n` : "";
      return `---\n# Source: ${neutralLine(one.origin)}\n${hook}${yamlDocument(one.object)}`;
    })
    .join("");
}

/** One `List`. */
export function toJson(objects: readonly RenderedObject[]): string {
  const items = objects.map(({ object }) => object);
  return jsonDocument({ apiVersion: "v1", kind: "List", items });
}

/** What a Secret has besides values. Of any other member (`stringdata`) nobody knows what it holds. */
const harmless: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "type",
  "immutable",
]);

/** The object with `***` for the values, should it be a Secret. */
export function withoutSecretValues(object: KubeObject): KubeObject {
  if (!isSecret({ group: groupOf(object.apiVersion), kind: object.kind })) return object;
  const { annotations } = object.metadata;
  const result = Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      harmless.has(name) ? value : withoutValues(value),
    ]),
  ) as KubeObject;
  // As kubectl get -o yaml prints it: the whole Secret once more.
  if (annotations?.[lastAppliedAnnotation] === undefined) return result;
  const kept = { ...annotations, [lastAppliedAnnotation]: redacted };
  return { ...result, metadata: { ...object.metadata, annotations: kept } };
}

function withoutValues(values: unknown): unknown {
  if (values === null) return null;
  if (typeof values !== "object" || Array.isArray(values)) return redacted;
  return Object.fromEntries(Object.keys(values).map((key) => [key, redacted]));
}
