/** The words that fit, those of the cluster among them. */
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Argument, Option } from "commander";
import type { KubeObject, ResourceKind } from "../../model/object.ts";
import { withCluster } from "../access/cluster.ts";
import type { ClusterFlags } from "../access/flags.ts";

export interface Candidate {
  readonly word: string;
  readonly description?: string;
}

/** `files`: whatever the shell makes of it. */
export type Candidates = readonly Candidate[] | "files";

export interface Asked {
  env: Readonly<Record<string, string | undefined>>;
  /** What the line says already of the cluster. */
  flags: ClusterFlags;
  /** The word as far as it is written. */
  current: string;
  /** A person waits, and may go on typing. */
  deadlineMs: number;
}

const namespaces: ResourceKind = {
  group: "",
  version: "v1",
  kind: "Namespace",
  resource: "namespaces",
  namespaced: false,
  verbs: ["list"],
};
/** Arguments and values by these names are paths. */
const paths: ReadonlySet<string> = new Set(["path", "dir", "file", "directory"]);

export async function valuesOf(option: Option, asked: Asked): Promise<Candidates> {
  if (option.argChoices !== undefined) return option.argChoices.map((word) => ({ word }));
  const name = option.attributeName();
  if (name === "namespace" || name === "controllerNamespace") return namespacesOf(asked);
  if (name === "context") return contextsOf(asked);
  const placeholder = /[<[]([a-z]+)/.exec(option.flags)?.[1] ?? "";
  return paths.has(placeholder) ? "files" : [];
}

export async function argumentsOf(
  argument: Argument,
  before: readonly string[],
  asked: Asked,
): Promise<Candidates> {
  const name = argument.name();
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word }));
  if (paths.has(name)) return "files";
  if (name !== "app") return [];
  const found = await applicationsOf(asked);
  return found.filter(({ word }) => !before.includes(word));
}

/** By their names, or as NAMESPACE/NAME once a slash is written. */
async function applicationsOf(asked: Asked): Promise<Candidate[]> {
  const slash = asked.current.indexOf("/");
  const place = slash < 0 ? undefined : asked.current.slice(0, slash);
  return withCluster(asked.flags, asked.env, async ({ applications, namespace }) => {
    const { items } = await applications.list({
      namespace: place ?? namespace,
      signal: AbortSignal.timeout(asked.deadlineMs),
    });
    return items.map((item) => candidateOf(item, place));
  });
}

function candidateOf({ metadata, status }: KubeObject, place: string | undefined): Candidate {
  const { sync = "", health = "" } = (status ?? {}) as { sync?: string; health?: string };
  const name = metadata.name ?? "";
  return {
    word: place === undefined ? name : `${place}/${name}`,
    ...(sync === "" ? {} : { description: `${sync}, ${health}` }),
  };
}

async function namespacesOf({ flags, env, deadlineMs }: Asked): Promise<Candidate[]> {
  return withCluster(flags, env, async ({ objects }) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const { items } = await objects.list(namespaces, { metadataOnly: true, signal });
    return items.map(({ metadata }) => ({ word: metadata.name ?? "" }));
  });
}

async function contextsOf({ flags, env }: Asked): Promise<Candidate[]> {
  const { parse } = await import("yaml");
  const list = flags.kubeconfig ?? (env.KUBECONFIG || join(env.HOME ?? "/", ".kube/config"));
  const found: Candidate[] = [];
  for (const file of list.split(delimiter).filter((one) => one !== "")) {
    const text = await readFile(file, "utf8").catch(() => "");
    const document = parse(text) as { contexts?: { name?: unknown }[] } | null;
    for (const { name } of document?.contexts ?? [])
      if (typeof name === "string") found.push({ word: name });
  }
  return found;
}
