import { spawn } from "node:child_process";
import { once } from "node:events";

/** No system or user configuration, no prompt: the same answer on every machine. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

/** Runs git in a bare repository. @returns standard output. @throws with standard error */
export async function runGit(
  directory: string,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<Buffer> {
  const child = spawn("git", [`--git-dir=${directory}`, ...args], {
    env: { ...gitEnvironment },
    stdio: "pipe",
  });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(`git ${args.join(" ")} ended with ${code}: ${Buffer.concat(errors)}`);
  }
  return Buffer.concat(out);
}
