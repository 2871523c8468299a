/** The fields of an Application, from its CustomResourceDefinition. */
import { applicationCrd } from "../../src/dialect/mooring/crd.ts";
import { code, plain, table } from "./markdown.ts";
import { type Page, page } from "./page.ts";

interface Schema {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  pattern?: string;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  "x-kubernetes-validations"?: readonly { message: string; fieldPath?: string }[];
}

interface Crd {
  spec: {
    versions: readonly {
      schema: { openAPIV3Schema: Schema };
      additionalPrinterColumns: readonly {
        name: string;
        description?: string;
        priority?: number;
      }[];
    }[];
  };
}

interface Field {
  path: string;
  schema: Schema;
  required: boolean;
}

export function applicationPage(): Page {
  const [version] = (applicationCrd() as unknown as Crd).spec.versions;
  const { spec, status } = version?.schema.openAPIV3Schema.properties ?? {};
  if (version === undefined || spec === undefined || status === undefined)
    throw new Error("the CRD of Applications has no spec and status");
  return page("docs/reference/application.md", "src/model/application.ts", [
    "# Application: every field",
    "`mooring.dev/v1alpha1`, kind `Application`, namespaced; short name `mapp`. `kubectl explain application.spec` says the same of the cluster at hand. What annotations mean is in [annotations](annotations.md), what the modes and guards do in [concepts](../concepts.md).",
    "A duration is written as in Go: `30s`, `1h30m`. A field that is not named in the table has no meaning: the apiserver drops it.",
    "## spec",
    fieldTable(fieldsOf(spec, "spec")),
    "### Rules",
    "Checked by the apiserver when an Application is written, and by the controller for what was stored before.",
    rulesOf(spec, "spec").join("\n"),
    "## status",
    "Written by the controller, as itself. Nothing reads it to decide what to deploy: it can be lost.",
    fieldTable(fieldsOf(status, "status")),
    "## Columns",
    "Of `kubectl get applications`; those of `-o wide` only are marked.",
    table(
      ["column", "meaning"],
      version.additionalPrinterColumns.map(({ name, description = "", priority }) => [
        `${name}${priority === undefined ? "" : " (wide)"}`,
        plain(description),
      ]),
    ),
  ]);
}

function fieldsOf(schema: Schema, path: string): Field[] {
  const { properties = {}, required = [], items } = schema;
  const own = Object.entries(properties).flatMap(([name, property]) => [
    { path: `${path}.${name}`, schema: property, required: required.includes(name) },
    ...fieldsOf(property, `${path}.${name}`),
  ]);
  return items === undefined ? own : [...own, ...fieldsOf(items, `${path}[]`)];
}

function fieldTable(fields: readonly Field[]): string {
  return table(
    ["field", "type", "default", "meaning"],
    fields.map(({ path, schema, required }) => [
      code(path),
      plain(typeOf(schema)),
      required ? "required" : defaultOf(schema),
      plain(schema.description ?? schema.items?.description ?? ""),
    ]),
  );
}

/** `{}` is only there so that the members' own defaults apply. */
function defaultOf({ default: value }: Schema): string {
  if (value === undefined || JSON.stringify(value) === "{}") return "";
  return code(JSON.stringify(value));
}

function typeOf(schema: Schema): string {
  const { type = "string", items, enum: values, format } = schema;
  if (values !== undefined) return values.map(code).join(", ");
  if (type === "array") {
    const inner = items === undefined ? "anything" : typeOf(items);
    return `list of ${inner}${upTo(schema.maxItems)}`;
  }
  if (type === "integer") return `integer${range(schema)}`;
  if (type === "object") return "object";
  if (format === "date-time") return "time";
  if (type === "string" && schema.pattern?.includes("ms|s|m|h") === true) return "duration";
  return `${type}${upTo(schema.maxLength)}`;
}

function upTo(most: number | undefined): string {
  return most === undefined ? "" : `, at most ${most}`;
}

function range({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  return minimum === undefined ? upTo(maximum) : `, at least ${minimum}`;
}

function rulesOf(schema: Schema, path: string): string[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(
    ({ message, fieldPath = "" }) => `- ${code(path + fieldPath)}: ${plain(message)}.`,
  );
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesOf(property, `${path}.${name}`),
  );
  const items = schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`);
  return [...own, ...inner, ...items];
}
