/** `kubectl edit`, with a script in the editor's place. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import type { ControlPlane } from "../../cluster/control-plane.ts";

/**
 * @param what e.g. `["-n", "shop", "deployment/web"]`
 * @param from the first line that holds this text ...
 * @param to ... is replaced by this, with the line's indentation before each of its lines
 */
export async function kubectlEdit(
  plane: ControlPlane,
  what: readonly string[],
  from: string,
  to: string,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "mooring-edit-"));
  try {
    const editor = join(directory, "editor.mjs");
    await writeFile(editor, script(from, to));
    await chmod(editor, 0o755);
    const child = spawn(
      controlPlaneBinaries().kubectl,
      [`--kubeconfig=${plane.adminKubeconfig}`, `--cache-dir=${directory}`, "edit", ...what],
      { env: { PATH: "/usr/bin:/bin", HOME: directory, KUBE_EDITOR: editor }, stdio: "pipe" },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`kubectl edit ended with ${code}: ${said}`);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function script(from: string, to: string): string {
  return `#!${process.execPath}
import { readFileSync, writeFileSync } from "node:fs";
const [path] = process.argv.slice(2);
const lines = readFileSync(path, "utf8").split("\\n");
const index = lines.findIndex((line) => line.includes(${JSON.stringify(from)}));
if (index < 0) throw new Error("no such line");
const indent = lines[index].match(/^ */)[0];
lines.splice(index, 1, ...${JSON.stringify(to.split("\n"))}.map((line) => indent + line));
writeFileSync(path, lines.join("\\n"));
`;
}
