/** With whose credentials the caller reads an Application's repository. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";
import type { Objects } from "../../cluster/objects.ts";
import type { Application } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";
import { readCredentials } from "../../reconcile/source.ts";
import { checkUrl, display } from "../../source/git/address.ts";
import type { GitCredentials } from "../../source/git/remote.ts";
import { type Reviews, serviceAccount } from "../check/review.ts";

export interface Chosen {
  credentials: GitCredentials | undefined;
  note?: string;
}

/** Helpers may open a browser; nobody waits for one longer. */
const helperTimeoutMs = 60_000;

/** What it takes of a cluster. */
export interface Asked {
  objects: Objects;
  reviews: Pick<Reviews, "mayIn">;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The Secret of secretRef, where the caller may read it and the Application's ServiceAccount may,
 * too, else what git itself has for the URL on this machine: its credential helpers, never a
 * question.
 */
export async function chooseCredentials(
  application: Pick<Application, "namespace" | "spec">,
  asked: Asked,
): Promise<Chosen> {
  const { namespace, spec } = application;
  const { git } = spec.source;
  if (git.secretRef === undefined) return { credentials: undefined };
  const found = await ofSecret(application, git.secretRef.name, asked);
  if (typeof found !== "string") return { credentials: found };
  const credentials = await gitCredential(git.url, asked.env);
  const instead =
    credentials === undefined
      ? "the repository is read without credentials"
      : "the repository is read with git's own credentials of this machine";
  return {
    credentials,
    note: `${found} the Secret ${namespace}/${git.secretRef.name}: ${instead}`,
  };
}

/** @returns why it is not used, up to the Secret's name */
async function ofSecret(
  application: Pick<Application, "namespace" | "spec">,
  secret: string,
  { objects, reviews }: Asked,
): Promise<GitCredentials | string> {
  const { namespace, spec } = application;
  try {
    const credentials = await readCredentials({ namespace }, spec.source.git, { objects });
    const refused = await refusedTo(application, secret, reviews);
    return refused ?? credentials;
  } catch (error) {
    if (!(error instanceof Problem) || !["Forbidden", "SecretMissing"].includes(error.code)) {
      throw error;
    }
    return error.code === "Forbidden" ? "you may not read" : "there is no usable";
  }
}

/**
 * Who writes an Application chooses both the Secret and whom it is sent to. With the rights of
 * whoever compares they would get Secrets that their Application never gets.
 */
async function refusedTo(
  { namespace, spec }: Pick<Application, "namespace" | "spec">,
  secret: string,
  reviews: Asked["reviews"],
): Promise<string | undefined> {
  const name = spec.serviceAccountName;
  if (name === undefined) return "the Application names no ServiceAccount that may read";
  const access = { verb: "get", group: "", resource: "secrets", namespace, name: secret };
  try {
    return (await reviews.mayIn(namespace, serviceAccount(namespace, name), access))
      ? undefined
      : `the Application's ServiceAccount ${name} may not read`;
  } catch (error) {
    // Who may not ask this is no administrator: they share with their team what they may read.
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw apiProblem(error);
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
