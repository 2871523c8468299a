// Programs that set-up runs, and that end with it.
import { spawn } from "node:child_process";

/** What an interrupted program gets to clean up after itself. */
const graceMs = 3000;

/**
 * Runs a program to its end. It gets a process group of its own: on abort the whole group is
 * interrupted, then killed, since `go build` would else wait for the compilers it started.
 *
 * @param options spawn's, and `onStart(child)`
 * @returns its exit code
 * @throws the signal's reason when aborted, after everything has ended; Error when it cannot start
 */
export async function run(command, args, { signal, onStart = () => {}, ...options }) {
  signal.throwIfAborted();
  const child = spawn(command, args, { ...options, detached: true });
  let timer;
  const abort = () => {
    killGroup(child.pid, "SIGINT");
    timer = setTimeout(() => killGroup(child.pid, "SIGKILL"), graceMs);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    onStart(child);
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal.throwIfAborted();
    return code;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function killGroup(pid, name) {
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended already, or never started.
  }
}
