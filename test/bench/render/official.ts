/** The official programs, timed: as people run them, without anything of this machine's. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { officialRendererBinaries } from "../../../setup/control-plane.mjs";
import { chart, overlayOf } from "./tree.ts";

export type Tool = "helm" | "kustomize";

/**
 * @param number which overlay, or how many replicas of the chart
 * @returns seconds, from its start to its end
 */
export async function timeOfficial(tool: Tool, root: string, number: number): Promise<number> {
  const args: Record<Tool, readonly string[]> = {
    helm: ["template", "web", chart, "--include-crds", "--set", `replicaCount=${number + 1}`],
    kustomize: ["build", overlayOf(number)],
  };
  const env = { HOME: join(root, "..", "home"), PATH: "" };
  const started = performance.now();
  const options = { cwd: root, env, maxBuffer: 64 * 2 ** 20 };
  const { stdout } = await promisify(execFile)(
    officialRendererBinaries()[tool],
    args[tool],
    options,
  );
  const seconds = (performance.now() - started) / 1000;
  if (!stdout.includes("kind: Deployment")) throw new Error(`${tool} rendered nothing`);
  return seconds;
}
