import { RunRefused } from "./refusal.ts";

const longestPath = 4096;

/**
 * A path that a module asks for, as a snapshot knows it: `/` between names, none at either end.
 * @throws RunRefused for one that no file of the repository can have
 */
export function snapshotPath(asked: string): string {
  if (asked.length > longestPath) throw outside(`${asked.slice(0, 80)}...`, "is too long");
  if (asked.includes("\0")) throw outside(asked.replaceAll("\0", "?"), "has a NUL in it");
  if (asked.startsWith("/"))
    throw outside(asked, "is absolute: only files of the repository exist");
  const names = asked.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw outside(asked, "leads out of the directory that it starts in");
  return names.join("/");
}

function outside(path: string, why: string): RunRefused {
  return new RunRefused("InvalidManifest", `the path ${path} ${why}`);
}
