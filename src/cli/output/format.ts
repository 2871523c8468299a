/** `-o`: what of it a verb knows, and lists as kubectl prints them. */
import { type Command, Option } from "commander";
import { groupOf, type KubeObject } from "../../model/object.ts";

export const listFormats = ["json", "yaml", "wide", "name"] as const;
export type ListFormat = (typeof listFormats)[number];
export const documentFormats = ["json", "yaml"] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** Adds `-o`; without it a verb prints for people. */
export function outputFlag(command: Command, formats: readonly string[]): Command {
  return command.addOption(
    new Option("-o, --output <format>", "print it in this form").choices(formats),
  );
}

/** JSON or YAML of data. The libraries are loaded when they are needed. */
export async function documentOf(value: unknown, format: DocumentFormat): Promise<string> {
  const { jsonDocument, yamlDocument } = await import("./documents.ts");
  return format === "json" ? jsonDocument(value) : yamlDocument(value);
}

/** `application.mooring.dev/shop`, as `kubectl get -o name`. */
export function nameOf({ apiVersion, kind, metadata }: KubeObject): string {
  const group = groupOf(apiVersion);
  return `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${metadata.name}`;
}

/** As kubectl: the one object that was named, else a List. */
export function listOf(items: readonly unknown[]): object {
  return { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items };
}
