/** Kustomizations and charts: rendered in the sandbox, once for the same inputs. */
import type { DesiredSet, RenderedObject } from "../model/desired.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { RenderCost } from "./cost.ts";
import { type Ask, SnapshotFiles } from "./files.ts";
import { guess } from "./guess.ts";
import {
  type Circumstances,
  inputsOf,
  type KeptRender,
  type ObjectText,
  objectsOf,
} from "./kept-render.ts";
import type { RenderLimits } from "./limits.ts";
import type { ModuleVersion } from "./module-version.ts";
import type { RenderCache } from "./render-cache.ts";
import { digestOf, type HelmRequest, type KustomizeRequest, keyOf, requestOf } from "./request.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import type { RenderSource } from "./source.ts";

type Tool = "kustomize" | "helm";

/** One render that is to happen, or not. */
interface Job {
  snapshot: Snapshot;
  source: RenderSource;
  tool: Tool;
  request: KustomizeRequest | HelmRequest;
  key: string;
  now: Circumstances;
  signal: AbortSignal | undefined;
}

/** A render of a key that is under way. Never rejects. */
interface UnderWay {
  of: string;
  ended: Promise<{ kept: KeptRender } | { error: unknown; shared: boolean }>;
}

export class SandboxedRenders {
  readonly #sandbox: Sandbox;
  readonly #versionOf: ModuleVersion;
  readonly #limits: RenderLimits;
  readonly #cache: RenderCache;
  /** What the last render of a scope's directory asked for. */
  readonly #asked: BoundedCache<readonly Ask[]>;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #parsing = new Map<KeptRender, Promise<readonly RenderedObject[]>>();

  constructor(o: {
    sandbox: Sandbox;
    versionOf: ModuleVersion;
    limits: RenderLimits;
    cache: RenderCache;
    /** Bytes of what was asked for. */
    askedBytes: number;
  }) {
    this.#sandbox = o.sandbox;
    this.#versionOf = o.versionOf;
    this.#limits = o.limits;
    this.#cache = o.cache;
    this.#asked = new BoundedCache(o.askedBytes);
  }

  /** @throws Problem */
  async render(
    snapshot: Snapshot,
    source: RenderSource,
    tool: Tool,
    cost: RenderCost,
    signal: AbortSignal | undefined,
  ): Promise<DesiredSet> {
    const job = await this.#job(snapshot, source, tool, signal);
    const kept = await this.#once(job, cost);
    if ("problem" in kept.outcome) throw kept.outcome.problem;
    const inputs = inputsOf(job.key, kept);
    const held = kept.held?.deref();
    if (held === undefined && cost.work === "unchanged") cost.work = "cached";
    const objects = held ?? (await this.#parse(kept, kept.outcome.objects, tool));
    signal?.throwIfAborted();
    return { revision: snapshot.revision, tool, objects, inputs };
  }

  /** What a render would read, as far as the last one or the directory's files tell. */
  async blobs(snapshot: Snapshot, source: RenderSource, tool: Tool): Promise<readonly string[]> {
    const job = await this.#job(snapshot, source, tool, undefined);
    if ((await this.#cache.find(job.key, job.now)) !== undefined) return [];
    const blobs = new Set<string>();
    for (const ask of await this.#guess(job)) {
      if (!ask.startsWith("read ")) continue;
      const entry = await snapshot.entry(ask.slice("read ".length));
      if (typeof entry === "object" && entry.mode !== "submodule") blobs.add(entry.blob);
      if (blobs.size >= this.#limits.files) break;
    }
    return [...blobs];
  }

  async close(): Promise<void> {
    this.#asked.clear();
    await this.#cache.close();
  }

  async #job(
    snapshot: Snapshot,
    source: RenderSource,
    tool: Tool,
    signal: AbortSignal | undefined,
  ): Promise<Job> {
    const request = requestOf(source, tool);
    const key = keyOf(request, source.scope, await this.#versionOf(tool), this.#limits);
    const now = { snapshot, seed: digestOf(source.seed), time: snapshot.commit.time };
    return { snapshot, source, tool, request, key, now, signal };
  }

  /** Renders of one key follow one another: what one came to may serve the next. */
  async #once(job: Job, cost: RenderCost): Promise<KeptRender> {
    const { key, signal } = job;
    const of = `${job.snapshot.commit.id} ${job.now.seed}`;
    for (;;) {
      signal?.throwIfAborted();
      const other = this.#underWay.get(key);
      if (other === undefined) break;
      const started = performance.now();
      const end = await unlessAborted(other.ended, signal);
      cost.waited += (performance.now() - started) / 1000;
      if (other.of !== of) continue;
      if ("kept" in end) return end.kept;
      if (end.shared) throw end.error;
    }
    const work = this.#findOrRun(job, cost);
    const ended = work.then(
      (kept) => ({ kept }),
      // Whoever gave up did so for itself.
      (error: unknown) => ({ error, shared: signal?.aborted !== true }),
    );
    this.#underWay.set(key, { of, ended });
    void ended.then(() => this.#underWay.delete(key));
    return work;
  }

  async #findOrRun(job: Job, cost: RenderCost): Promise<KeptRender> {
    const known = await this.#cache.find(job.key, job.now);
    if (known !== undefined) {
      this.#remember(job, known.asks);
      return known;
    }
    cost.work = "rendered";
    return this.#run(job, cost);
  }

  async #run(job: Job, cost: RenderCost): Promise<KeptRender> {
    const { snapshot, source, tool, request, key, now, signal } = job;
    const files = new SnapshotFiles({
      snapshot,
      limits: this.#limits,
      guess: () => this.#guess(job),
    });
    try {
      const { objects, dependsOn } = await this.#sandbox.run(
        {
          renderer: tool,
          request,
          clock: new Date(now.time),
          seed: source.seed,
          key: source.key,
        },
        files,
        signal,
      );
      const kept: KeptRender = {
        reads: files.reads,
        asks: files.asks,
        ...(dependsOn.random ? { seed: now.seed } : {}),
        ...(dependsOn.clock ? { time: now.time } : {}),
        outcome: { objects },
      };
      this.#cache.add(key, kept);
      return kept;
    } catch (error) {
      if (signal?.aborted !== true && error instanceof Problem && isLasting(error)) {
        // What it would have drawn is not known: it is the same for the same seed and time alone.
        const { seed, time } = now;
        this.#cache.add(key, {
          reads: files.reads,
          asks: files.asks,
          seed,
          time,
          outcome: { problem: error },
        });
      }
      throw error;
    } finally {
      cost.files = files.files;
      this.#remember(job, files.asks);
    }
  }

  /** The objects are shared as long as somebody holds them. */
  #parse(
    kept: KeptRender,
    texts: readonly ObjectText[],
    tool: Tool,
  ): Promise<readonly RenderedObject[]> {
    const begun = this.#parsing.get(kept);
    if (begun !== undefined) return begun;
    const parsing = objectsOf(texts, tool)
      .then((objects) => {
        kept.held = new WeakRef(objects);
        return objects;
      })
      .finally(() => this.#parsing.delete(kept));
    this.#parsing.set(kept, parsing);
    return parsing;
  }

  /** What the last render asked for; of a chart also what came since, for Helm reads all of it. */
  async #guess({ snapshot, source, tool, request }: Job): Promise<readonly Ask[]> {
    const before = this.#asked.get(directoryOf(source, tool, request.path));
    if (before !== undefined && tool === "kustomize") return before;
    const valueFiles = "valueFiles" in request ? request.valueFiles : [];
    const found = await guess(snapshot, tool, request.path, valueFiles);
    return before === undefined ? found : [...new Set([...before, ...found])];
  }

  #remember({ source, tool, request }: Job, asks: readonly Ask[]): void {
    if (asks.length === 0) return;
    const bytes = asks.reduce((sum, ask) => sum + ask.length + 24, 100);
    this.#asked.set(directoryOf(source, tool, request.path), asks, bytes);
  }
}

function directoryOf({ scope }: RenderSource, tool: Tool, path: string): string {
  return JSON.stringify([scope, tool, path]);
}

/** The same files fail in the same way, but for want of time or memory, which is looked at again. */
function isLasting({ retry, code }: Problem): boolean {
  return retry !== "transient" && code !== "LimitExceeded";
}

/** @throws the reason of `signal` as soon as that is aborted */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve).finally(() => signal.removeEventListener("abort", stop));
  });
}
