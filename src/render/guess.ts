/** What a first render of a directory will probably ask for: it costs one batch, not one for each directory. */
import type { Child, Snapshot } from "../model/snapshot.ts";
import { isLikely } from "./blobs.ts";
import type { Ask } from "./files.ts";
import { joined, parentOf } from "./paths.ts";

/** Names that kustomize tries in each directory. */
export const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** Files of a chart. */
const mostOfChart = 2_000;
/** Files around a kustomization. */
const mostAround = 200;
/** How far up the bases of an overlay are looked for: `web/overlays/prod` uses `web/base`. */
const levelsUp = 2;

/**
 * Of a chart: all its files, and the value files. Of a kustomization: the largest directory around
 * it, up to two levels above, that has few files; else the files that are directly in it.
 */
export async function guess(
  snapshot: Snapshot,
  tool: "kustomize" | "helm",
  path: string,
  valueFiles: readonly string[],
): Promise<readonly Ask[]> {
  if (tool === "helm") {
    const { asks } = await walk(snapshot, path, mostOfChart);
    return [...asks, ...[joined(path, ".helmignore"), ...valueFiles].map(toRead)];
  }
  const above = [path];
  for (let up = path; up !== "" && above.length <= levelsUp; ) {
    up = parentOf(up);
    above.unshift(up);
  }
  for (const directory of above) {
    const { asks, complete } = await walk(snapshot, directory, mostAround);
    if (complete) return asks;
  }
  return asksIn(path, (await snapshot.children(path)) ?? []).slice(0, mostAround);
}

function toRead(file: string): Ask {
  return `read ${file}`;
}

/** Breadth first, as far as `most` files. */
async function walk(
  snapshot: Snapshot,
  root: string,
  most: number,
): Promise<{ asks: Ask[]; complete: boolean }> {
  const asks: Ask[] = [];
  const directories = [root];
  for (const directory of directories) {
    const children = (await snapshot.children(directory)) ?? [];
    const found = asksIn(directory, children);
    if (asks.length + found.length > most || directories.length > most) {
      return { asks: [...asks, ...found].slice(0, most), complete: false };
    }
    asks.push(...found);
    for (const { name, mode } of children)
      if (mode === "directory" && !name.startsWith(".")) directories.push(joined(directory, name));
  }
  return { asks, complete: true };
}

function asksIn(directory: string, children: readonly Child[]): Ask[] {
  const asks: Ask[] = [`list ${directory}`];
  const names = new Set(children.map(({ name }) => name));
  if (kustomizationNames.some((name) => names.has(name)))
    for (const name of kustomizationNames)
      if (!names.has(name)) asks.push(`stat ${joined(directory, name)}`);
  for (const child of children)
    if (isLikely(child)) asks.push(toRead(joined(directory, child.name)));
  return asks;
}
