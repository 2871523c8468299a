/** Files of charts and kustomizations, as commits of tests take them. */
import { stringify } from "yaml";

export interface ChartShape {
  /** Of Chart.yaml; default the directory's last name. */
  name?: string;
  /** Default `0.1.0`. */
  version?: string;
  values?: Readonly<Record<string, unknown>>;
  /** File below `templates/` -> its text. */
  templates: Readonly<Record<string, string>>;
  /** Any other file of the chart -> its text. */
  files?: Readonly<Record<string, string>>;
}

export function chart(directory: string, shape: ChartShape): Record<string, string> {
  const name = shape.name ?? directory.slice(directory.lastIndexOf("/") + 1);
  const all: Record<string, string> = {
    "Chart.yaml": stringify({ apiVersion: "v2", name, version: shape.version ?? "0.1.0" }),
    ...(shape.values === undefined ? {} : { "values.yaml": stringify(shape.values) }),
    ...below("templates", shape.templates),
    ...shape.files,
  };
  return below(directory, all);
}

/** A kustomization.yaml with these fields, and other files of its directory. */
export function kustomization(
  directory: string,
  fields: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return below(directory, { "kustomization.yaml": stringify(fields), ...files });
}

/** A template of one ConfigMap; the values are template text, e.g. `{{ .Values.colour }}`. */
export function configMapTemplate(name: string, data: Readonly<Record<string, string>>): string {
  const lines = Object.entries(data).map(([key, value]) => `  ${key}: ${value}`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${lines.join("\n")}\n`;
}

function below(directory: string, files: Readonly<Record<string, string>>): Record<string, string> {
  if (directory === "") return { ...files };
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [`${directory}/${path}`, text]),
  );
}
