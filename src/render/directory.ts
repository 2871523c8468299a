/** Directories of plain manifests. */
import type { DesiredSet, RenderedObject } from "../model/desired.ts";
import { parseExact } from "../model/exact-json.ts";
import type { KubeObject } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import type { RenderCost } from "./cost.ts";
import type { RenderLimits } from "./limits.ts";
import type { ManifestFailure, ManifestOutcome } from "./manifest.ts";
import { ParsedBlobs } from "./parsed-blobs.ts";
import { selectManifests } from "./select.ts";
import { Turns } from "./turns.ts";

/** Renders whose outcome is remembered. */
const rememberedRenders = 5_000;
/** Files that a message names. */
const namedFailures = 3;

type Remembered = { objects: WeakRef<readonly RenderedObject[]> } | { problem: Problem };

/** A directory; `strict`: what needs another renderer is refused rather than left out. */
export interface PlainDirectory {
  path: string;
  strict: boolean;
}

export class DirectoryRenders {
  readonly #limits: RenderLimits;
  readonly #blobs: ParsedBlobs;
  /** By the digest of what they read. The objects are shared as long as somebody holds them. */
  readonly #renders = new Map<string, Remembered>();

  constructor(o: {
    workers: number;
    cacheBytes: number;
    deadlineMs: number;
    limits: RenderLimits;
  }) {
    this.#limits = o.limits;
    this.#blobs = new ParsedBlobs(o);
  }

  /** Of the parsed files that are kept. */
  get bytes(): number {
    return this.#blobs.bytes;
  }

  /** @throws Problem */
  async render(
    snapshot: Snapshot,
    directory: PlainDirectory,
    cost: RenderCost,
    signal: AbortSignal | undefined,
  ): Promise<DesiredSet> {
    const { files, inputs } = await this.#select(snapshot, directory);
    const made = (objects: readonly RenderedObject[]): DesiredSet => ({
      revision: snapshot.revision,
      tool: "directory",
      objects,
      inputs,
    });
    cost.files = files.length;
    const known = this.#renders.get(inputs);
    if (known !== undefined && "problem" in known) throw known.problem;
    const before = known?.objects.deref();
    if (before !== undefined) return made(before);
    const { outcomes, parsed } = await this.#blobs.parse(files, snapshot, signal);
    cost.parsed = parsed;
    cost.work = parsed > 0 ? "rendered" : "cached";
    try {
      const objects = await assemble(files, outcomes, this.#limits);
      this.#remember(inputs, { objects: new WeakRef(objects) });
      return made(objects);
    } catch (error) {
      // The same files fail in the same way.
      if (error instanceof Problem) this.#remember(inputs, { problem: error });
      throw error;
    }
  }

  /** What a render would read, without what is parsed already. @throws Problem */
  async blobs(snapshot: Snapshot, directory: PlainDirectory): Promise<readonly string[]> {
    const { files } = await this.#select(snapshot, directory);
    return files.map(({ blob }) => blob).filter((blob) => !this.#blobs.has(blob));
  }

  async close(): Promise<void> {
    this.#renders.clear();
    await this.#blobs.close();
  }

  async #select(snapshot: Snapshot, { path, strict }: PlainDirectory) {
    return selectManifests(await snapshot.list(path), path, { limits: this.#limits, strict });
  }

  #remember(inputs: string, outcome: Remembered): void {
    this.#renders.delete(inputs);
    this.#renders.set(inputs, outcome);
    const [oldest] = this.#renders.keys();
    if (this.#renders.size > rememberedRenders && oldest !== undefined) {
      this.#renders.delete(oldest);
    }
  }
}

async function assemble(
  files: readonly TreeEntry[],
  outcomes: ReadonlyMap<string, ManifestOutcome>,
  limits: RenderLimits,
): Promise<readonly RenderedObject[]> {
  const turns = new Turns();
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
      if (turns.over) await turns.next();
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
