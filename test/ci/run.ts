/** Scripts of examples/ci as a CI runs them. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Host, project, repository, request, token } from "./hosts.ts";

export const scripts = fileURLToPath(new URL("../../examples/ci/", import.meta.url));

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

export async function runScript(
  name: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<Run> {
  const options = { cwd, env: { PATH: process.env.PATH ?? "", ...env }, maxBuffer: 2 ** 28 };
  return promisify(execFile)(process.execPath, [scripts + name, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Run) => ({ code, stdout, stderr }),
  );
}

/** Variables of a job for a pull request; @param event path of a file with {@link githubEvent} */
export function githubJob(host: Host, event: string): Record<string, string> {
  return {
    GITHUB_ACTIONS: "true",
    GITHUB_API_URL: host.url,
    GITHUB_REPOSITORY: repository,
    GITHUB_EVENT_PATH: event,
    GITHUB_TOKEN: token,
  };
}

export function githubEvent(head: string): string {
  return JSON.stringify({ pull_request: { number: request, head: { sha: head } } });
}

/** Variables of a job for a merge request. */
export function gitlabJob(host: Host, head: string): Record<string, string> {
  return {
    GITLAB_CI: "true",
    CI_API_V4_URL: host.url,
    CI_PROJECT_ID: project,
    CI_MERGE_REQUEST_IID: String(request),
    CI_COMMIT_SHA: head,
    GITLAB_TOKEN: token,
  };
}
