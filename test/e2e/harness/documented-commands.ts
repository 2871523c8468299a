/** The commands of a page of docs/, run as its reader runs them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import type { ControlPlane } from "../../cluster/control-plane.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * The `sh` blocks under a heading, in their order; each is one script.
 * @param heading the text of the heading, of whichever level
 * @throws Error when the page has no such heading, or nothing to run there
 */
export async function commandsOf(page: string, heading: string): Promise<string[]> {
  const text = await readFile(join(root, "docs", page), "utf8");
  const sections = text.split(/^#+ /m);
  const section = sections.find((one) => one.startsWith(`${heading}\n`));
  const blocks = [...(section ?? "").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, script = ""]) => script,
  );
  if (blocks.length === 0) throw new Error(`docs/${page} has no commands under "${heading}"`);
  return blocks;
}

/**
 * Runs a script in the root of the checkout, as the cluster's admin.
 * @param variables what the page asks its reader to set
 * @returns what it printed. @throws Error with what it said, when a command of it fails
 */
export async function runAsReader(
  plane: ControlPlane,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd: root,
    env: {
      PATH: `${dirname(controlPlaneBinaries().kubectl)}:/usr/bin:/bin`,
      HOME: plane.dir,
      KUBECONFIG: plane.adminKubeconfig,
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0)
    throw new Error(
      `ended with ${code}:\n${script}\n${stderr.trim()}\nit printed:\n${stdout.slice(-2000)}`,
    );
  return stdout;
}
