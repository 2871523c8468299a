/** Paths that renderers and links name, as the snapshot's tree names them. Pure. */
import { Problem } from "../model/problem.ts";

const longest = 4096;
/** Of a link's target, in a message. */
const longestShown = 200;

/**
 * The path without `.`, `..` and doubled slashes; the root is empty.
 * @returns undefined for what no file of a snapshot is called, with line breaks for example:
 *   kustomize asks for a patch that is written in place as if it were a path
 * @throws Problem InvalidManifest for what leads out of the repository
 */
export function snapshotPath(asked: string): string | undefined {
  if (asked.includes("\0")) throw refused(asked, "has a NUL in it");
  if (asked.length > longest || /\p{Cc}/u.test(asked)) return undefined;
  if (asked.includes("\\")) throw refused(asked, "has a backslash in it");
  if (asked.startsWith("/")) throw refused(asked, "is absolute");
  const parts: string[] = [];
  for (const part of asked.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw refused(asked, "leaves the repository");
  }
  return parts.join("/");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Where a symlink points to: the parts of a relative path, or why it is not followed. `named` is
 * how a message says it.
 */
export function linkTarget(
  content: Uint8Array,
): { parts: string[]; named: string } | { refused: string } {
  let target: string;
  try {
    if (content.length === 0 || content.length > longest) throw new RangeError();
    target = utf8.decode(content);
  } catch {
    return { refused: "a symlink whose target is not a path" };
  }
  const shown = target.length > longestShown ? `${target.slice(0, longestShown)}...` : target;
  const named = `a symlink to ${JSON.stringify(shown)}`;
  if (/[\\\p{Cc}]/u.test(target)) return { refused: `${named}, which is not a path` };
  if (target.startsWith("/")) return { refused: `${named}, which is outside the repository` };
  return { parts: target.split("/").filter((part) => part !== "" && part !== "."), named };
}

export function joined(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** The directory that a path is in; the root's is the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function refused(asked: string, why: string): Problem {
  return new Problem(
    "InvalidManifest",
    `the path ${JSON.stringify(asked)} ${why}: only files of the repository can be read, by relative paths`,
  );
}
