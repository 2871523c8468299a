/** Snapshot -> DesiredSet, for directories of plain manifests. */
import type { DesiredSet, RenderedObject } from "../model/desired.ts";
import type { KubeObject } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { parseExact } from "./exact-json.ts";
import { defaultLimits, type RenderLimits } from "./limits.ts";
import type { ManifestFailure, ManifestOutcome } from "./manifest.ts";
import { ParsedBlobs } from "./parsed-blobs.ts";
import { selectManifests } from "./select.ts";

export interface Renderer {
  /**
   * All objects that a directory of a snapshot wants, or none: complete, or it throws.
   * @throws Problem of the snapshot; Unsupported, InvalidManifest, LimitExceeded naming the file;
   *   the reason of `signal` when that is aborted
   */
  render(snapshot: Snapshot, path: string, signal?: AbortSignal): Promise<DesiredSet>;
  /**
   * The blobs that rendering the directory would read now, as far as that is known before.
   * @throws Problem as render, when nothing of it would be read
   */
  blobs(snapshot: Snapshot, path: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What one render did, for metrics. */
export interface RenderCost {
  files: number;
  /** Files that were parsed; the others came from the cache. */
  parsed: number;
  /** Nothing had to be read or parsed: the same inputs were rendered before. */
  unchanged: boolean;
  /** `ok`, or the code of the Problem. */
  result: string;
  seconds: number;
}

export interface RendererOptions {
  /** Threads at most; 0 parses in this one. */
  workers: number;
  /** Bytes of parsed files that are kept. */
  cacheBytes: number;
  /** Longest time for parsing the files of one render. */
  deadlineMs: number;
  limits?: Partial<RenderLimits> | undefined;
  observe?: ((cost: RenderCost) => void) | undefined;
}

/** Renders whose outcome is remembered. */
const rememberedRenders = 5_000;
/** Files that a message names. */
const namedFailures = 3;

type Remembered = { objects: WeakRef<readonly RenderedObject[]> } | { problem: Problem };

export function createRenderer(o: RendererOptions): Renderer {
  const limits = { ...defaultLimits, ...o.limits };
  const blobs = new ParsedBlobs({ ...o, limits });
  /** By the digest of what they read. The objects are shared as long as somebody holds them. */
  const renders = new Map<string, Remembered>();
  const remember = (inputs: string, outcome: Remembered) => {
    renders.delete(inputs);
    renders.set(inputs, outcome);
    const [oldest] = renders.keys();
    if (renders.size > rememberedRenders && oldest !== undefined) renders.delete(oldest);
  };

  const render = async (
    snapshot: Snapshot,
    path: string,
    cost: RenderCost,
    signal: AbortSignal | undefined,
  ): Promise<DesiredSet> => {
    const { files, inputs } = selectManifests(await snapshot.list(path), path, limits);
    cost.files = files.length;
    const known = renders.get(inputs);
    if (known !== undefined && "problem" in known) throw known.problem;
    const before = known?.objects.deref();
    if (before !== undefined) {
      cost.unchanged = true;
      return { revision: snapshot.revision, objects: before, inputs };
    }
    const { outcomes, parsed } = await blobs.parse(files, snapshot, signal);
    cost.parsed = parsed;
    try {
      const objects = assemble(files, outcomes, limits);
      remember(inputs, { objects: new WeakRef(objects) });
      return { revision: snapshot.revision, objects, inputs };
    } catch (error) {
      // The same files fail in the same way.
      if (error instanceof Problem) remember(inputs, { problem: error });
      throw error;
    }
  };

  return {
    async render(snapshot, path, signal) {
      signal?.throwIfAborted();
      const start = performance.now();
      const cost: RenderCost = { files: 0, parsed: 0, unchanged: false, result: "ok", seconds: 0 };
      try {
        return await render(snapshot, path, cost, signal);
      } catch (error) {
        cost.result = error instanceof Problem ? error.code : "aborted";
        throw error;
      } finally {
        cost.seconds = (performance.now() - start) / 1000;
        o.observe?.(cost);
      }
    },
    async blobs(snapshot, path) {
      const { files } = selectManifests(await snapshot.list(path), path, limits);
      return files.map(({ blob }) => blob).filter((blob) => !blobs.has(blob));
    },
    async close() {
      renders.clear();
      await blobs.close();
    },
  };
}

function assemble(
  files: readonly TreeEntry[],
  outcomes: ReadonlyMap<string, ManifestOutcome>,
  limits: RenderLimits,
): readonly RenderedObject[] {
  const objects: RenderedObject[] = [];
  const failures: { path: string; failure: ManifestFailure }[] = [];
  for (const { path, blob } of files) {
    const outcome = outcomes.get(blob);
    if (outcome === undefined) throw new Error(`no outcome for ${path}`);
    if (!outcome.ok) {
      failures.push({ path, failure: outcome.failure });
      continue;
    }
    // Once one file failed, the rest is only looked through for more failures.
    if (failures.length > 0) continue;
    if (objects.length + outcome.manifests.length > limits.objects) {
      throw new Problem("LimitExceeded", `${path}: more than ${limits.objects} objects`);
    }
    for (const { line, json } of outcome.manifests) {
      objects.push({ object: parseExact(json) as KubeObject, origin: `${path}:${line}` });
    }
  }
  const [first] = failures;
  if (first === undefined) return objects;
  const named = failures
    .slice(0, namedFailures)
    .map(({ path, failure }) => `${position(path, failure)}: ${failure.what}`);
  const more = failures.length - named.length;
  throw new Problem(
    first.failure.code,
    `${named.join("; ")}${more > 0 ? `; and ${more} more files` : ""}`,
  );
}

function position(path: string, { line, column }: ManifestFailure): string {
  if (line === undefined) return path;
  return column === undefined ? `${path}:${line}` : `${path}:${line}:${column}`;
}
