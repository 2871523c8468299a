/** With whose credentials the caller reads an Application's repository. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Objects } from "../../cluster/objects.ts";
import type { Application } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";
import { readCredentials } from "../../reconcile/source.ts";
import { checkUrl, display } from "../../source/git/address.ts";
import type { GitCredentials } from "../../source/git/remote.ts";

export interface Chosen {
  credentials: GitCredentials | undefined;
  note?: string;
}

/** Helpers may open a browser; nobody waits for one longer. */
const helperTimeoutMs = 60_000;

/**
 * The Secret of secretRef, where the caller may read it, else what git itself has for the URL on
 * this machine: its credential helpers, never a question.
 */
export async function chooseCredentials(
  { namespace, spec }: Pick<Application, "namespace" | "spec">,
  objects: Objects,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Chosen> {
  const { git } = spec.source;
  if (git.secretRef === undefined) return { credentials: undefined };
  const where = `Secret ${namespace}/${git.secretRef.name}`;
  try {
    return { credentials: await readCredentials({ namespace }, git, { objects }) };
  } catch (error) {
    if (!(error instanceof Problem) || !["Forbidden", "SecretMissing"].includes(error.code)) {
      throw error;
    }
    const why =
      error.code === "Forbidden" ? `you may not read the ${where}` : `there is no usable ${where}`;
    const credentials = await gitCredential(git.url, env);
    const instead =
      credentials === undefined
        ? "the repository is read without credentials"
        : "the repository is read with git's own credentials of this machine";
    return { credentials, note: `${why}: ${instead}` };
  }
}

/**
 * `git credential fill`, for the very host that is asked afterwards: a line break in a URL would
 * begin another line of git's question, which may name another host.
 * @returns undefined where git has none, or is not installed
 * @throws Problem SourceRefused
 */
async function gitCredential(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<GitCredentials | undefined> {
  const asked = display(checkUrl(url));
  const child = spawn("git", ["credential", "fill"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...env, GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "" },
    timeout: helperTimeoutMs,
  });
  child.stdin.on("error", () => {
    // It ended before it read: its exit code says so.
  });
  try {
    child.stdin.end(`url=${asked}\n\n`);
    const [answer, [code]] = await Promise.all([
      text(child.stdout),
      once(child, "close") as Promise<[number | null]>,
    ]);
    if (code !== 0) return undefined;
    const field = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(answer)?.[1];
    const [username, password] = [field("username"), field("password")];
    if (username === undefined || password === undefined) return undefined;
    return { kind: "basic", username, password };
  } catch {
    return undefined;
  }
}
