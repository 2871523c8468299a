/** What is rendered in both ways: one tree, as a directory and as a commit. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { officialRendererBinaries } from "../../../../setup/control-plane.mjs";
import type { Snapshot } from "../../../../src/model/snapshot.ts";
import { createNativeRemote } from "../../../../src/source/git/native.ts";
import { largeChart } from "../../../fixtures/large-chart.ts";
import type { Change } from "../../../git/repository.ts";
import { startGitServer } from "../../../git/server.ts";

/** Directories of the tree, and where this repository has them. */
const committed = {
  kustomize: "test/fixtures/kustomize",
  charts: "test/fixtures/charts",
  examples: "examples",
};
const checkout = fileURLToPath(new URL("../../../..", import.meta.url));

/** When the commit was made: what charts take for now. */
export const commitTime = new Date("2024-03-05T06:07:08Z");

export interface Fixtures {
  /** The tree on disk, for the official programs. */
  readonly root: string;
  /** The same tree in a repository that a real server serves. */
  readonly snapshot: Snapshot;
  stop(): Promise<void>;
}

export async function plantFixtures(): Promise<Fixtures> {
  const place = await mkdtemp(join(tmpdir(), "mooring-golden-"));
  const root = join(place, "tree");
  for (const [directory, from] of Object.entries(committed)) {
    await cp(join(checkout, from), join(root, directory), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  for (const [path, text] of Object.entries(largeChart())) {
    const file = join(root, "charts/large", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await packSubcharts(join(root, "charts/umbrella"), join(root, "charts/packed"));

  const server = await startGitServer();
  const repository = await server.createRepository("fixtures");
  const commit = await repository.commit(await filesOf(root), { date: commitTime });
  const directory = join(place, "objects");
  await mkdir(directory);
  const remote = await createNativeRemote({ directory, path: process.env.PATH ?? "" });
  const snapshot = await remote.open({
    url: server.url("fixtures"),
    commit,
    revision: `main@sha1:${commit}`,
    signal: new AbortController().signal,
  });
  return {
    root,
    snapshot,
    async stop() {
      await remote.close();
      await server.stop();
      await rm(place, { recursive: true, force: true });
    },
  };
}

/** The chart once more, its subcharts as the archives that `helm dependency build` vendors. */
async function packSubcharts(chart: string, packed: string): Promise<void> {
  await cp(chart, packed, { recursive: true });
  const charts = join(packed, "charts");
  const subcharts = (await readdir(charts)).map((name) => join(charts, name));
  const env = { HOME: packed, PATH: "" };
  await promisify(execFile)(
    officialRendererBinaries().helm,
    ["package", ...subcharts, "--destination", charts],
    { env },
  );
  for (const subchart of subcharts) await rm(subchart, { recursive: true });
}

async function filesOf(root: string): Promise<Record<string, Change>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const change = entry.isSymbolicLink() ? { symlink: await readlink(path) } : readFile(path);
      return [path.slice(root.length + 1), await change] as const;
    });
  return Object.fromEntries(await Promise.all(files));
}
