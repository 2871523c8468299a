/** The official promtool, and what of deploy/monitoring it is asked about. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import { controlPlaneBinaries, monitoringToolBinaries } from "../../../setup/control-plane.mjs";

export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  keep_firing_for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

export interface MonitoringObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: unknown;
}

/** Of the checkout. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What `kubectl apply -k` would apply of a directory. */
export async function kustomized(directory: string): Promise<MonitoringObject[]> {
  const { kubectl } = controlPlaneBinaries();
  const { stdout } = await promisify(execFile)(kubectl, ["kustomize", directory], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseAllDocuments(stdout).map((document) => document.toJS() as MonitoringObject);
}

/** The rules that deploy/monitoring ships, as Prometheus itself reads them. */
export async function shippedRules(): Promise<RuleFile> {
  const objects = await kustomized(join(root, "deploy/monitoring"));
  const [rule, ...others] = objects.filter(({ kind }) => kind === "PrometheusRule");
  if (rule === undefined || others.length > 0) throw new Error("not one PrometheusRule");
  return rule.spec as RuleFile;
}

/**
 * Runs `promtool <args> FILE...` on these documents, written as YAML files that may name each other.
 * @returns what it said; `passed` is whether it ended with 0
 */
export async function promtool(
  args: readonly string[],
  files: Readonly<Record<string, unknown>>,
  named: readonly string[] = Object.keys(files),
): Promise<{ passed: boolean; said: string }> {
  const place = await mkdtemp(join(tmpdir(), "mooring-promtool-"));
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(place, name), stringify(content));
    const { promtool: program } = monitoringToolBinaries();
    const done = promisify(execFile)(program, [...args, ...named], { cwd: place });
    return await done.then(
      ({ stdout, stderr }) => ({ passed: true, said: stdout + stderr }),
      (error: { stdout?: string; stderr?: string }) => ({
        passed: false,
        said: `${error.stdout}${error.stderr}`,
      }),
    );
  } finally {
    await rm(place, { recursive: true });
  }
}
