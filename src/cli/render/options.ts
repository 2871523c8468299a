/** Flags of `mooring render`: one zod schema. The command, its help and its messages are generated from it. */
import { Option } from "commander";
import { z } from "zod";
import { helmOptions } from "../../model/render-options.ts";
import type { RenderTool } from "../../render/source.ts";
import { duration, objectName, text } from "../controller/values.ts";

interface FlagMeta {
  /** As `--help` shows it: `-n, --namespace <name>`. */
  flag: string;
  description: string;
  /** What may be given, for messages. */
  allowed: string;
  default?: string;
  /** May be given more than once; each time adds one. */
  repeatable?: true;
}

const tools = ["auto", "kustomize", "helm", "directory"] as const satisfies RenderTool[];
const flags = z.registry<FlagMeta>();
const off = () => z.boolean().default(false);
/** `name=value`, split at the first `=`. */
const assignment = z
  .string()
  .regex(/^[^=]+=/)
  .transform((given) => {
    const at = given.indexOf("=");
    return { name: given.slice(0, at), value: given.slice(at + 1) };
  });
const apiVersion = helmOptions.shape.apiVersions.unwrap().element;
const releaseName = helmOptions.shape.releaseName.unwrap();
const kubeVersion = helmOptions.shape.kubeVersion.unwrap();

const schema = z.object({
  as: text.optional().register(flags, {
    flag: "--as <app>",
    allowed: "a file that ends with .yaml, .yml or .json, a NAME, or NAMESPACE/NAME",
    description:
      "Render for this Application: a file that holds one, or one of the cluster by NAME or NAMESPACE/NAME. Release name, namespaces and options are its own; flags win. Without PATH, its spec.source.path below the root is rendered.",
  }),
  root: text.optional().register(flags, {
    flag: "--root <dir>",
    allowed: "a directory",
    description:
      "Directory that stands for the repository: nothing outside of it can be read. Without it: the top of the Git work tree that holds PATH, else PATH itself.",
  }),
  tool: z
    .enum(tools)
    .optional()
    .register(flags, {
      flag: "--tool <tool>",
      allowed: `one of ${tools.join(", ")}`,
      description:
        "What renders. auto: kustomize where there is a kustomization.yaml, Helm where there is a Chart.yaml, else the manifests as they are.",
      default: "auto, or what the Application says",
    }),
  namespace: objectName.optional().register(flags, {
    flag: "-n, --namespace <name>",
    allowed: "the name of a namespace",
    description: "Namespace of the Helm release; with --as, the Application's namespace.",
    default: "default; with --as NAME, the context's",
  }),
  releaseName: releaseName.optional().register(flags, {
    flag: "--release-name <name>",
    allowed: "a name of at most 53 lower-case letters, digits, - and .",
    description: "Name of the Helm release.",
    default: "release-name, or what the Application says",
  }),
  values: z.array(text).max(64).default([]).register(flags, {
    flag: "-f, --values <file>",
    allowed: "a file, or - for standard input",
    description:
      "Values for a chart, over those of the Application; a later file wins. The file may be anywhere.",
    repeatable: true,
  }),
  parameter: z.array(assignment).max(256).default([]).register(flags, {
    flag: "--parameter <name=value>",
    allowed: "NAME=VALUE",
    description: "One value of a chart, as helm --set takes it, over all others.",
    repeatable: true,
  }),
  stringParameter: z.array(assignment).max(256).default([]).register(flags, {
    flag: "--string-parameter <name=value>",
    allowed: "NAME=VALUE",
    description: "The same, as helm --set-string takes it: always a text.",
    repeatable: true,
  }),
  skipCrds: off().register(flags, {
    flag: "--skip-crds",
    allowed: "no value",
    description: "Leave out what a chart has in crds/.",
  }),
  skipTests: off().register(flags, {
    flag: "--skip-tests",
    allowed: "no value",
    description: "Leave out the hooks of helm test.",
  }),
  skipSchemaValidation: off().register(flags, {
    flag: "--skip-schema-validation",
    allowed: "no value",
    description: "Do not check values against the chart's values.schema.json.",
  }),
  kubeVersion: kubeVersion.optional().register(flags, {
    flag: "--kube-version <version>",
    allowed: "a version, such as 1.36 or v1.36.3",
    description: "Kubernetes version that charts see.",
    default: "the cluster's where one is asked, else that of helm template",
  }),
  apiVersions: z
    .array(text)
    .default([])
    .transform((given) => given.flatMap((list) => list.split(",")))
    .pipe(z.array(apiVersion).max(2048))
    .register(flags, {
      flag: "--api-versions <names>",
      allowed:
        "versions of APIs and their kinds, such as monitoring.coreos.com/v1 or apps/v1/Deployment",
      description: "APIs that charts see, besides the cluster's or those of helm template.",
      repeatable: true,
    }),
  kubeconfig: text.optional().register(flags, {
    flag: "--kubeconfig <path>",
    allowed: "a path",
    description:
      "Ask this cluster for its version, its APIs and the scopes of its kinds, and for the Application that --as names.",
    default: "with --as NAME or --context: $KUBECONFIG, else ~/.kube/config",
  }),
  context: text.optional().register(flags, {
    flag: "--context <name>",
    allowed: "the name of a context of the kubeconfig",
    description: "Ask the cluster of this context.",
  }),
  output: z.enum(["yaml", "json"]).default("yaml").register(flags, {
    flag: "-o, --output <format>",
    allowed: "yaml or json",
    description: "yaml: a stream of documents, with their sources. json: one List.",
    default: "yaml",
  }),
  redactSecrets: off().register(flags, {
    flag: "--redact-secrets",
    allowed: "no value",
    description: "Print *** for the values of Secrets, for logs of CI: it cannot be applied then.",
  }),
  renderers: text.optional().register(flags, {
    flag: "--renderers <path>",
    allowed: "a path",
    description: "Directory of kustomize.wasm and helm.wasm.",
    default: "renderers/build beside the program",
  }),
  timeout: duration("100ms", "1h").prefault("90s").register(flags, {
    flag: "--timeout <duration>",
    allowed: "a duration from 100ms to 1h, such as 30s",
    description: "Longest render.",
    default: "90s",
  }),
});

export type RenderFlags = z.output<typeof schema>;
type FlagName = keyof typeof schema.shape;

/** Every flag, as `--help` and messages have it. */
export const renderFlags: readonly (FlagMeta & { name: FlagName })[] = (
  Object.keys(schema.shape) as FlagName[]
).map((name) => {
  const meta = flags.get(schema.shape[name]);
  if (meta === undefined) throw new Error(`the flag ${name} is not described`);
  return { ...meta, name };
});

export function renderOptions(): Option[] {
  return renderFlags.map(({ flag, description, repeatable, ...meta }) => {
    const notes = [
      ...(repeatable === undefined ? [] : ["repeatable"]),
      ...(meta.default === undefined ? [] : [`default: ${meta.default}`]),
    ];
    const option = new Option(
      flag,
      notes.length === 0 ? description : `${description} (${notes.join("; ")})`,
    );
    return repeatable === undefined
      ? option
      : option.argParser((value: string, before?: string[]) => [...(before ?? []), value]);
  });
}

/**
 * @param given as commander has them
 * @throws Error naming every flag that is wrong, one a line
 */
export function parseRenderFlags(given: Readonly<Record<string, unknown>>): RenderFlags {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const mistakes = new Set(
    parsed.error.issues.map(({ path: [name, index] }) => {
      const meta = renderFlags.find((flag) => flag.name === name);
      const value = given[String(name)];
      const wrong = Array.isArray(value) && typeof index === "number" ? value[index] : value;
      const flag = meta?.flag.replace(/^-., | <.*/g, "") ?? String(name);
      // What is assigned may be secret.
      const shown = flag.endsWith("parameter") ? "" : ` ${JSON.stringify(wrong)}`;
      return `${flag}:${shown} is not ${meta?.allowed ?? "allowed"}`;
    }),
  );
  throw new Error([...mistakes].join("\n"));
}
