/** Runs the `git` command with nothing of the machine's: no configuration, hook, prompt, proxy or helper. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";

export interface GitBinary {
  /** Where `git` and its helpers are looked for: the PATH. */
  path: string;
  /** An empty directory, in the place of a home. */
  home: string;
}

export interface GitCommand {
  /** The bare repository. */
  gitDir: string;
  args: readonly string[];
  /** Another object directory than the repository's own. */
  objects?: string;
  /** Configuration; secrets come this way, by the environment, never as an argument. */
  config?: Readonly<Record<string, string>>;
  /** Which transports it may use; without it none. */
  protocols?: "http:https";
  input?: string;
  signal?: AbortSignal;
  timeoutMs: number;
  /** Longest standard output. */
  maxBytes: number;
}

/** `git` ended with a code, was stopped, or said too much. */
export class GitFailure extends Error {
  readonly stderr: string;
  readonly reason: "failed" | "timeout" | "too-much";

  constructor(reason: GitFailure["reason"], stderr: string) {
    super(`git ${reason}`);
    this.reason = reason;
    this.stderr = stderr;
  }
}

const fixedConfig: Readonly<Record<string, string>> = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "fetch.unpackLimit": "1",
  "protocol.version": "2",
  "credential.helper": "",
  "http.followRedirects": "false",
  "http.proxy": "",
  "http.userAgent": "git/mooring",
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": "30",
};

/** Starts git in a process group of its own, so that its helpers end with it. */
export function startGit(
  binary: GitBinary,
  command: Pick<GitCommand, "gitDir" | "args" | "objects" | "config" | "protocols">,
): ChildProcessWithoutNullStreams {
  const config = Object.entries({ ...fixedConfig, ...command.config });
  const settings = config.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  const child = spawn("git", [`--git-dir=${command.gitDir}`, ...command.args], {
    cwd: command.gitDir,
    detached: true,
    stdio: "pipe",
    env: {
      PATH: binary.path,
      HOME: binary.home,
      XDG_CONFIG_HOME: binary.home,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_COUNT: String(config.length),
      GIT_ATTR_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_NO_LAZY_FETCH: "1",
      GIT_NO_REPLACE_OBJECTS: "1",
      // git before 2.44 does not know GIT_NO_LAZY_FETCH: without a protocol it cannot fetch either.
      GIT_ALLOW_PROTOCOL: command.protocols ?? "none",
      ...(command.objects === undefined ? {} : { GIT_OBJECT_DIRECTORY: command.objects }),
      ...Object.fromEntries(settings),
    },
  });
  // A closed pipe shows in the exit code.
  child.stdin.on("error", () => {});
  // A git that somebody killed leaves its helper behind, with our pipes in its hands.
  child.on("exit", () => killGroup(child.pid));
  return child;
}

/** Kills git and its helpers; it is no error if they are gone. */
export function killGit(child: ChildProcessWithoutNullStreams): void {
  if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/**
 * @returns standard output
 * @throws GitFailure; the reason of `signal` when that is aborted; ENOENT where git is missing
 */
export async function runGit(binary: GitBinary, command: GitCommand): Promise<Buffer> {
  command.signal?.throwIfAborted();
  const child = startGit(binary, command);
  const out: Buffer[] = [];
  let size = 0;
  let stderr = "";
  let reason: GitFailure["reason"] = "failed";
  const stop = (why: GitFailure["reason"]) => {
    reason = why;
    killGit(child);
  };
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > command.maxBytes) stop("too-much");
    else out.push(chunk);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-8192);
  });
  const timer = setTimeout(() => stop("timeout"), command.timeoutMs);
  const aborted = () => killGit(child);
  command.signal?.addEventListener("abort", aborted, { once: true });
  try {
    child.stdin.end(command.input ?? "");
    const [code] = (await once(child, "close")) as [number | null];
    command.signal?.throwIfAborted();
    if (code !== 0 || reason !== "failed") throw new GitFailure(reason, stderr);
    return Buffer.concat(out);
  } finally {
    clearTimeout(timer);
    command.signal?.removeEventListener("abort", aborted);
  }
}
