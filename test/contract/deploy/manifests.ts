/** The manifests of deploy/ as kustomize and the official Helm render them. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { controlPlaneBinaries, officialRendererBinaries } from "../../../setup/control-plane.mjs";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const overlays = [
  "cluster-wide",
  "any-service-account",
  "listed-kinds",
  "namespaced",
] as const;
export const installationNamespace = "mooring-system";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests read what objects of every kind hold
  [field: string]: any;
}

/** @param path from the root of the checkout */
export async function kustomize(path: string): Promise<Manifest[]> {
  const { kubectl } = controlPlaneBinaries();
  return read(await run(kubectl, ["kustomize", path]));
}

/** `helm template` of the chart. @throws Error with what Helm said */
export async function helm(args: readonly string[]): Promise<Manifest[]> {
  const binary = officialRendererBinaries().helm;
  const release = ["template", "mooring", "deploy/chart", `--namespace=${installationNamespace}`];
  return read(await run(binary, [...release, ...args]));
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: root,
    env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent" },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

function read(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

/** By kind, namespace and name. @throws Error where two have the same */
export function byName(objects: readonly Manifest[]): Record<string, Manifest> {
  const found: Record<string, Manifest> = {};
  for (const object of objects) {
    const { kind, metadata } = object;
    const key = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    if (key in found) throw new Error(`${key} is there twice`);
    found[key] = object;
  }
  return found;
}
