/** Paths through symlinks, inside the snapshot only. */
import { Problem } from "../model/problem.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { linkTarget } from "./paths.ts";
import { type Read, seen } from "./reads.ts";

export type Found =
  | { kind: "missing" }
  | { kind: "directory"; path: string }
  | { kind: "file"; path: string; blob: string }
  | { kind: "refused"; problem: Problem };

export interface Resolution {
  found: Found;
  /** What the answer depends on. */
  reads: readonly Read[];
}

/** As Linux bounds it. */
const mostLinks = 40;

/**
 * @param path as snapshotPath makes it
 * @param readLink the content of a symlink
 * @param step before each name on the way through links: a link may have thousands
 * @throws what readLink, step and the snapshot throw; what the path leads to is an answer
 */
export async function resolve(
  snapshot: Snapshot,
  path: string,
  readLink: (entry: TreeEntry) => Promise<Uint8Array>,
  step: (path: string) => Promise<void> = async () => {},
): Promise<Resolution> {
  const direct = await snapshot.entry(path);
  if (direct === "directory")
    return { found: { kind: "directory", path }, reads: [[path, seen.directory]] };
  if (direct !== undefined && isFile(direct)) return fileAt(direct, []);

  const reads: Read[] = [];
  const refuse = (code: "InvalidManifest" | "Unsupported", what: string): Resolution => ({
    found: { kind: "refused", problem: new Problem(code, what) },
    reads,
  });
  /** Where we are: a directory of the tree. */
  const at: string[] = [];
  /** What is still to go, the next part last. */
  const rest = path.split("/").reverse();
  /** Of `rest`, how many parts come from the link. */
  let fromLink = 0;
  let link = "";
  for (let links = 0; rest.length > 0; ) {
    await step(path);
    const name = rest.pop() ?? "";
    if (name === "..") {
      reads.push([at.join("/"), seen.directory]);
      if (at.pop() === undefined)
        return refuse("InvalidManifest", `${link}, which is outside the repository`);
      fromLink -= 1;
      continue;
    }
    const here = [...at, name].join("/");
    const entry = await snapshot.entry(here);
    if (entry === "directory") {
      at.push(name);
      fromLink -= 1;
      continue;
    }
    const dangling = () => refuse("InvalidManifest", `${link}, which does not exist`);
    if (entry === undefined) {
      reads.push([at.join("/"), seen.directory], [here, seen.nothing]);
      return fromLink > 0 ? dangling() : { found: { kind: "missing" }, reads };
    }
    if (entry.mode === "submodule") {
      reads.push([here, seen.submodule]);
      return refuse("Unsupported", `${here} is a Git submodule, which is not fetched`);
    }
    if (entry.mode !== "symlink") {
      if (rest.length === 0) return fileAt(entry, reads);
      reads.push([here, seen.file]);
      return fromLink > 1 ? dangling() : { found: { kind: "missing" }, reads };
    }
    reads.push([here, seen.link(entry.blob)]);
    links += 1;
    if (links > mostLinks)
      return refuse(
        "InvalidManifest",
        `${here} is one of more than ${mostLinks} symlinks in a row`,
      );
    const target = linkTarget(await readLink(entry));
    if ("refused" in target) return refuse("InvalidManifest", `${here} is ${target.refused}`);
    link = `${here} is ${target.named}`;
    fromLink = target.parts.length + Math.max(0, fromLink - 1);
    rest.push(...target.parts.reverse());
  }
  const directory = at.join("/");
  reads.push([directory, seen.directory]);
  return { found: { kind: "directory", path: directory }, reads };
}

function isFile({ mode }: TreeEntry): boolean {
  return mode === "file" || mode === "executable";
}

function fileAt({ path, blob }: TreeEntry, reads: readonly Read[]): Resolution {
  return { found: { kind: "file", path, blob }, reads: [...reads, [path, seen.file]] };
}
