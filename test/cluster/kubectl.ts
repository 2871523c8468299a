import { spawn } from "node:child_process";
import { once } from "node:events";

export interface KubectlCall {
  readonly command: string;
  readonly kubeconfig: string;
  /** Discovery cache: one a cluster, since ports are used again by later clusters. */
  readonly cacheDirectory: string;
  readonly args: readonly string[];
  readonly input?: string | undefined;
}

/** Runs the real kubectl. @returns standard output. @throws Error with what it said on standard error. */
export async function runKubectl(call: KubectlCall): Promise<string> {
  const child = spawn(
    call.command,
    [`--kubeconfig=${call.kubeconfig}`, `--cache-dir=${call.cacheDirectory}`, ...call.args],
    {
      // KUBECTL_APPLYSET: kubectl's own ApplySets (KEP-3659, alpha) can be tried on ours.
      env: { PATH: "/usr/bin:/bin", HOME: call.cacheDirectory, KUBECTL_APPLYSET: "true" },
      stdio: "pipe",
    },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A kubectl that refuses its arguments ends before it has read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(call.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(`kubectl ${call.args.join(" ")} ended with ${code}: ${stderr.trim()}`);
  }
  return stdout;
}
