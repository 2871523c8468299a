/** What a process and everything that it started use, as Linux' /proc tells. */
import { readdir, readFile } from "node:fs/promises";

export interface Usage {
  /** User and system time, of children that have ended too, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory of all processes together; pages that they share count for each. */
  readonly residentMiB: number;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** USER_HZ, which is the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** @throws Error when there is no such process */
export async function usageOf(root: number): Promise<Usage> {
  const all = (await Promise.all((await pids()).map(readProcess))).filter(
    (process) => process !== undefined,
  );
  const tree = all.filter(({ pid }) => pid === root);
  if (tree.length === 0) throw new Error(`there is no process ${root}`);
  // Grows while it is walked: descendants of descendants.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  const resident = await Promise.all(tree.map(({ pid }) => residentMiB(pid)));
  return {
    cpuSeconds: tree.reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond,
    residentMiB: resident.reduce((sum, mebibytes) => sum + mebibytes, 0),
  };
}

/** CPU time of the processes that this one started and that have ended, in seconds. */
export async function endedChildrenSeconds(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // cutime and cstime, see readProcess.
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

async function pids(): Promise<number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** @returns undefined when it has ended meanwhile */
async function readProcess(pid: number): Promise<Process | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // proc(5): the name in parentheses may hold anything, so fields count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  const [utime, stime, cutime, cstime] = [14, 15, 16, 17].map(field) as [
    number,
    number,
    number,
    number,
  ];
  return { pid, parent: field(4), ticks: utime + stime + cutime + cstime };
}

async function residentMiB(pid: number): Promise<number> {
  return statusMiB(pid, "VmRSS");
}

/** The most that was resident of one process, without those it started, since it began. */
export function peakMiB(pid: number): Promise<number> {
  return statusMiB(pid, "VmHWM");
}

/** @returns 0 when it has ended meanwhile */
async function statusMiB(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) / 1024;
}
