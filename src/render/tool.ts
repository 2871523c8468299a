/** By which tool a directory is rendered. */
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { kustomizationNames } from "./guess.ts";
import type { RenderSource } from "./source.ts";

export type Tool = "kustomize" | "helm" | "directory";

const chartName = "Chart.yaml";

/**
 * What the source says, or what the directory has: a kustomization, else a chart, else neither.
 * @throws Problem PathNotFound when there is no such directory, or nothing for the tool in it
 */
export async function toolFor(snapshot: Snapshot, { path, tool }: RenderSource): Promise<Tool> {
  if (tool === "directory") return tool;
  const children = await snapshot.children(path);
  if (children === undefined) {
    // Says what the path is instead.
    await snapshot.list(path);
    throw new Problem("PathNotFound", `the revision has no directory "${path}"`);
  }
  const has = (file: string) =>
    children.some(({ name, mode }) => name === file && mode !== "directory");
  const isKustomization = kustomizationNames.some(has);
  switch (tool) {
    case "kustomize":
      if (isKustomization) return tool;
      throw new Problem("PathNotFound", `"${path}" has no kustomization.yaml`);
    case "helm":
      if (has(chartName)) return tool;
      throw new Problem("PathNotFound", `"${path}" is no Helm chart: it has no ${chartName}`);
    case "auto":
      if (isKustomization) return "kustomize";
      return has(chartName) ? "helm" : "directory";
  }
}
