/** The repository that the tour serves: its files, and what in them the tour can show things with. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Document, parseAllDocuments } from "yaml";
import type { KubeObject } from "../src/model/object.ts";

/** Content by path inside the repository. */
export type Files = Readonly<Record<string, Buffer>>;

export interface Manifest {
  /** Path inside the repository. */
  readonly path: string;
  readonly object: KubeObject;
}

/** @throws Error when the directory cannot be read or has no file */
export async function readFiles(directory: string): Promise<Files> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    // Another repository's own data is no content of this one.
    .filter((path) => !path.split("/").includes(".git"))
    .sort();
  if (paths.length === 0) throw new Error(`${directory} has no files`);
  const contents = await Promise.all(paths.map((path) => readFile(join(directory, path))));
  return Object.fromEntries(paths.map((path, index) => [path, contents[index] as Buffer]));
}

/**
 * The objects below a directory of the repository. A file that is no YAML is left out: what is
 * wrong with it is the controller's to say.
 */
export function manifestsOf(files: Files, directory: string): Manifest[] {
  const below = directory === "" ? "" : `${directory.replace(/\/+$/, "")}/`;
  return Object.entries(files)
    .filter(([path]) => path.startsWith(below) && /\.(ya?ml|json)$/.test(path))
    .flatMap(([path, content]) =>
      parseAllDocuments(content.toString("utf8"))
        .filter((document) => document.errors.length === 0)
        .map((document) => document.toJS() as unknown)
        .filter(isObject)
        .map((object) => ({ path, object })),
    );
}

/** A Deployment that says how many replicas it wants, and its container. */
export interface Workload extends Manifest {
  readonly replicas: number;
  readonly container: { readonly name: string; readonly image: string };
}

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const { object } = manifest;
    const replicas = replicasOf(object);
    const container = containersOf(object)[0];
    const isDeployment = object.kind === "Deployment" && object.apiVersion === "apps/v1";
    if (!isDeployment || replicas === undefined || container === undefined) return [];
    return [{ ...manifest, replicas, container }];
  });
}

/** The first file that holds nothing but a ConfigMap: what can be removed on its own. */
export function removable(manifests: readonly Manifest[]): Manifest | undefined {
  return manifests.find(
    ({ path, object }) =>
      object.kind === "ConfigMap" && manifests.filter((other) => other.path === path).length === 1,
  );
}

/** The text of a file with the first container's image of one Deployment changed; comments stay. */
export function withImage(text: string, deployment: string, image: string): string {
  const documents = parseAllDocuments(text) as Document[];
  for (const document of documents) {
    const isMeant =
      document.get("kind") === "Deployment" && document.getIn(["metadata", "name"]) === deployment;
    if (isMeant) document.setIn(["spec", "template", "spec", "containers", 0, "image"], image);
  }
  return documents.map(String).join("");
}

export function replicasOf(object: KubeObject | undefined): number | undefined {
  return (object?.spec as { replicas?: number } | undefined)?.replicas;
}

export function imageOf(object: KubeObject | undefined): string | undefined {
  return object === undefined ? undefined : containersOf(object)[0]?.image;
}

/** `shop/web:1.0.0` with another tag. */
export function withTag(image: string, tag: string): string {
  const name = image.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
  return `${name}:${tag}`;
}

function containersOf(object: KubeObject): readonly { name: string; image: string }[] {
  const spec = object.spec as
    | { template?: { spec?: { containers?: { name: string; image: string }[] } } }
    | undefined;
  return spec?.template?.spec?.containers ?? [];
}

function isObject(value: unknown): value is KubeObject {
  const object = value as Partial<KubeObject> | null;
  return (
    typeof object === "object" &&
    typeof object?.kind === "string" &&
    typeof object.apiVersion === "string" &&
    typeof object.metadata?.name === "string"
  );
}
