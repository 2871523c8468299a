import { Problem } from "../model/problem.ts";
import type { Snapshot, TreeEntry } from "../model/snapshot.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { RenderLimits } from "./limits.ts";
import { createManifestReader, type ManifestOutcome, type ReadManifests } from "./manifest.ts";
import { ParserFailure, ParserPool } from "./parser-pool.ts";

/**
 * Files that are parsed in this thread rather than sent to another: at most so many bytes at a
 * time, some milliseconds whatever is in them (measured: docs/decisions/0001-yaml-parser.md).
 */
const inlineBytes = 16 * 1024;
/** A line that may begin with a closing bracket may need more than one try: not in this thread. */
const manyTries = /^[ \t]*[\]}]/m;

/** Every file's content is parsed once, by blob id, and kept as JSON as long as there is room. */
export class ParsedBlobs {
  readonly #limits: RenderLimits;
  readonly #inline: ReadManifests;
  readonly #pool: ParserPool | undefined;
  readonly #cache: BoundedCache<ManifestOutcome>;
  /** Blobs that another render is parsing. */
  readonly #parsing = new Map<string, Promise<ReadonlyMap<string, ManifestOutcome>>>();

  constructor(o: {
    workers: number;
    cacheBytes: number;
    deadlineMs: number;
    limits: RenderLimits;
  }) {
    this.#limits = o.limits;
    this.#inline = createManifestReader(o.limits);
    this.#pool = o.workers > 0 ? new ParserPool(o) : undefined;
    this.#cache = new BoundedCache(o.cacheBytes);
  }

  /** The outcome of each file, by blob id. @throws Problem */
  async parse(
    files: readonly TreeEntry[],
    snapshot: Snapshot,
    signal: AbortSignal | undefined,
  ): Promise<{ outcomes: ReadonlyMap<string, ManifestOutcome>; parsed: number }> {
    const outcomes = new Map<string, ManifestOutcome>();
    const mine = new Map<string, TreeEntry>();
    const others = new Map<string, TreeEntry>();
    for (const file of files) {
      const known = this.#cache.get(file.blob);
      if (known !== undefined) outcomes.set(file.blob, known);
      else (this.#parsing.has(file.blob) ? others : mine).set(file.blob, file);
    }
    // What another render parses may fail because of that render's other files: then it is ours.
    const shared = [...others.values()].map(async (file) => ({
      file,
      outcome: (await this.#parsing.get(file.blob)?.catch(() => undefined))?.get(file.blob),
    }));
    this.#add(outcomes, await this.#parseOnce([...mine.values()], snapshot));
    const left: TreeEntry[] = [];
    for (const { file, outcome } of await Promise.all(shared)) {
      if (outcome === undefined) left.push(file);
      else outcomes.set(file.blob, outcome);
    }
    signal?.throwIfAborted();
    this.#add(outcomes, await this.#parseOnce(left, snapshot));
    signal?.throwIfAborted();
    return { outcomes, parsed: mine.size + left.length };
  }

  /** Its outcome is kept: it need not be read. */
  has(blob: string): boolean {
    return this.#cache.get(blob) !== undefined;
  }

  /** Of the outcomes that are kept. */
  get bytes(): number {
    return this.#cache.bytes;
  }

  async close(): Promise<void> {
    this.#cache.clear();
    await this.#pool?.close();
  }

  #add(into: Map<string, ManifestOutcome>, from: ReadonlyMap<string, ManifestOutcome>): void {
    for (const [blob, outcome] of from) into.set(blob, outcome);
  }

  #parseOnce(
    files: readonly TreeEntry[],
    snapshot: Snapshot,
  ): Promise<ReadonlyMap<string, ManifestOutcome>> {
    if (files.length === 0) return Promise.resolve(new Map());
    const parsing = this.#readAndParse(files, snapshot).finally(() => {
      for (const { blob } of files) {
        if (this.#parsing.get(blob) === parsing) this.#parsing.delete(blob);
      }
    });
    for (const { blob } of files) this.#parsing.set(blob, parsing);
    return parsing;
  }

  async #readAndParse(
    files: readonly TreeEntry[],
    snapshot: Snapshot,
  ): Promise<ReadonlyMap<string, ManifestOutcome>> {
    const contents = await snapshot.read(files.map(({ blob }) => blob));
    const bytes = files.map(({ path, blob }) => {
      const content = contents.get(blob);
      if (content === undefined) throw new Problem("SourceUnreachable", `${path} was not sent`);
      if (content.length > this.#limits.fileBytes) {
        throw new Problem(
          "LimitExceeded",
          `${path} has ${content.length} bytes, more than ${this.#limits.fileBytes}`,
        );
      }
      return content;
    });
    const answers = await this.#run(bytes).catch((error: unknown) => {
      if (!(error instanceof ParserFailure)) throw error;
      throw new Problem("LimitExceeded", `${names(files)}: ${error.message}`, {
        cause: error.cause,
      });
    });
    const outcomes = new Map<string, ManifestOutcome>();
    files.forEach(({ blob }, i) => {
      const outcome = answers[i];
      if (outcome === undefined) return;
      outcomes.set(blob, outcome);
      this.#cache.set(blob, outcome, bytesOf(outcome));
    });
    return outcomes;
  }

  async #run(files: readonly Buffer[]): Promise<readonly ManifestOutcome[]> {
    const total = files.reduce((sum, file) => sum + file.length, 0);
    const small = total <= inlineBytes && !files.some((file) => manyTries.test(String(file)));
    return this.#pool === undefined || small ? files.map(this.#inline) : this.#pool.parse(files);
  }
}

function names(files: readonly TreeEntry[]): string {
  const named = files.slice(0, 3).map(({ path }) => path);
  return `${named.join(", ")}${files.length > 3 ? ` and ${files.length - 3} more files` : ""}`;
}

/** About what an outcome takes in memory: its texts, and its objects around them. */
function bytesOf(outcome: ManifestOutcome): number {
  if (!outcome.ok) return 300;
  return outcome.manifests.reduce((sum, { json }) => sum + json.length + 100, 100);
}
