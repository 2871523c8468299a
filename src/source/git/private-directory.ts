import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const name = /^git-(\d+)-(\w+)-[0-9a-f]+$/;

/**
 * A new directory below `root` that belongs to this process alone. What processes that are gone
 * (kill -9) left there is removed. The process' start time is part of the name: in a container,
 * every controller has process id 1.
 */
export async function createPrivateDirectory(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(root)) {
    const [, pid, started] = name.exec(entry) ?? [];
    if (pid === undefined || started === (await startTime(Number(pid)))) continue;
    await rm(join(root, entry), { recursive: true, force: true });
  }
  const random = randomBytes(6).toString("hex");
  const own = join(root, `git-${process.pid}-${(await startTime(process.pid)) ?? "0"}-${random}`);
  await mkdir(own, { mode: 0o700 });
  return own;
}

/** Ticks since boot (proc(5), field 22); where there is no /proc, `0` as long as the process lives. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    try {
      process.kill(pid, 0);
      return "0";
    } catch {
      return undefined;
    }
  }
}
