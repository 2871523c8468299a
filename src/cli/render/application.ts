/** The Application that a local render is for. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseApplication } from "../../dialect/mooring/application.ts";
import { type Application, group, kind, version } from "../../model/application.ts";
import { parseExact } from "../../model/exact-json.ts";
import { groupOf, type KubeObject } from "../../model/object.ts";
import { defaultLimits } from "../../render/limits.ts";
import { createManifestReader } from "../../render/manifest.ts";

/** Is `--as` a file, rather than a name in the cluster? */
export function namesFile(as: string): boolean {
  return /\.(ya?ml|json)$/.test(as) || /^\.{0,2}\//.test(as);
}

/**
 * The only Application of a file; other objects may be in it.
 * @param defaults.namespace of an Application that names none
 * @throws Error naming the file; Problem InvalidSpec
 */
export async function applicationOfFile(
  file: string,
  defaults: { cwd: string; namespace: string },
): Promise<Application> {
  const bytes = await readFile(resolve(defaults.cwd, file));
  const outcome = createManifestReader(defaultLimits)(bytes);
  if (!outcome.ok) {
    const { line, what } = outcome.failure;
    throw new Error(`${file}${line === undefined ? "" : `:${line}`}: ${what}`);
  }
  const found = outcome.manifests
    .map(({ json }) => parseExact(json) as KubeObject)
    .filter((object) => groupOf(object.apiVersion) === group && object.kind === kind);
  const [object] = found;
  if (object === undefined) throw new Error(`${file} holds no Application of ${group}`);
  if (found.length > 1) {
    const names = found.map(({ metadata }) => metadata.name).join(", ");
    throw new Error(`${file} holds ${found.length} Applications (${names}): --as takes one`);
  }
  return parsed({
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata.namespace ?? defaults.namespace },
  });
}

/** What is rendered without `--as`: an Application of the directory alone. */
export function anonymousApplication(namespace: string): Application {
  return parsed({
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name: "release-name", namespace },
    spec: { source: { git: { url: "https://localhost/" } } },
  });
}

/** @throws Problem InvalidSpec */
export function parsed(object: KubeObject): Application {
  const outcome = parseApplication(object);
  if (!outcome.ok) throw outcome.problem;
  return outcome.application;
}
