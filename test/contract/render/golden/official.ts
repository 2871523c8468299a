/** The official kustomize and Helm, as people run them, on a directory of this disk. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { officialRendererBinaries } from "../../../../setup/control-plane.mjs";
import { parseExact } from "../../../../src/model/exact-json.ts";
import { defaultLimits } from "../../../../src/render/limits.ts";
import { createManifestReader } from "../../../../src/render/manifest.ts";
import type { Capabilities, HelmOptions, HelmParameter } from "../../../../src/render/source.ts";

export interface OfficialObject {
  /** As kubectl would read it from the program's output, normalised like the ones of Mooring. */
  object: unknown;
  /** What Helm says in `# Source:` above it: the template, from the chart's name on. */
  source: string | undefined;
}

/** Runs a program without anything of this machine's: no configuration, no plugins, no cluster. */
async function run(program: string, args: readonly string[], root: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: root,
    env: { HOME: join(root, ".home"), PATH: "" },
    maxBuffer: 64 << 20,
  });
  return stdout;
}

/** @throws Error with what kustomize said */
export async function kustomizeBuild(root: string, path: string): Promise<OfficialObject[]> {
  const { kustomize } = officialRendererBinaries();
  return read(
    await run(kustomize, ["build", "--load-restrictor", "LoadRestrictionsNone", path], root),
  );
}

export interface ChartCall {
  /** Directory of the chart, from the root. */
  path: string;
  releaseName: string;
  namespace: string;
  capabilities: Capabilities;
  helm?: HelmOptions;
}

/** @throws Error with what Helm said */
export async function helmTemplate(root: string, call: ChartCall): Promise<OfficialObject[]> {
  const { helm } = officialRendererBinaries();
  const o = call.helm ?? {};
  const args = ["template", call.releaseName, call.path, "--namespace", call.namespace];
  args.push("--kube-version", call.capabilities.kubeVersion);
  for (const version of call.capabilities.apiVersions) args.push("--api-versions", version);
  if (!o.skipCrds) args.push("--include-crds");
  if (o.skipTests) args.push("--skip-tests");
  if (o.skipSchemaValidation) args.push("--skip-schema-validation");
  for (const file of o.valueFiles ?? []) {
    args.push("--values", file.startsWith("/") ? join(root, file) : join(call.path, file));
  }
  if (o.values) {
    const file = join(root, `.values-${process.hrtime.bigint()}.json`);
    await writeFile(file, JSON.stringify(o.values));
    args.push("--values", file);
  }
  for (const parameter of o.parameters ?? []) args.push(...assignment(parameter));
  return read(await run(helm, args, root));
}

/** An Application's parameter is one value: only Helm's command line needs its commas escaped. */
function assignment({ name, value, forceString }: HelmParameter): [string, string] {
  const escaped = /^\{.*\}$/.test(value)
    ? value
    : value.replace(/\\.|,/gs, (found) => (found === "," ? "\\," : found));
  return [forceString ? "--set-string" : "--set", `${name}=${escaped}`];
}

const readManifests = createManifestReader(defaultLimits);

function read(output: string): OfficialObject[] {
  const outcome = readManifests(Buffer.from(output));
  if (!outcome.ok) throw new Error(`${outcome.failure.what} in line ${outcome.failure.line}`);
  const lines = output.split("\n");
  return outcome.manifests.map(({ line, json }) => {
    const above = lines.slice(0, line).findLast((text) => text.startsWith("# Source: "));
    return { object: parseExact(json), source: above?.slice("# Source: ".length) };
  });
}
