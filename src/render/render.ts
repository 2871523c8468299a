/** Snapshot -> DesiredSet, by whichever tool the directory is for. */
import type { DesiredSet } from "../model/desired.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { RenderCost } from "./cost.ts";
import { DirectoryRenders } from "./directory.ts";
import { DiskCache, type DiskCacheOptions } from "./disk-cache.ts";
import { defaultLimits, type RenderLimits } from "./limits.ts";
import type { ModuleVersion } from "./module-version.ts";
import { RenderCache } from "./render-cache.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { SandboxedRenders } from "./sandboxed.ts";
import type { RenderSource } from "./source.ts";
import { toolFor } from "./tool.ts";
import { Turns } from "./turns.ts";

export type { RenderCost } from "./cost.ts";

export interface Renderer {
  /**
   * All objects that a directory of a snapshot wants, or none: complete, or it throws.
   * @throws Problem of the snapshot; Unsupported, InvalidManifest, LimitExceeded naming the file;
   *   the reason of `signal` when that is aborted
   */
  render(snapshot: Snapshot, source: RenderSource, signal?: AbortSignal): Promise<DesiredSet>;
  /**
   * The blobs that rendering it would read now, as far as that is known before.
   * @throws Problem as render, when nothing of it would be read
   */
  blobs(snapshot: Snapshot, source: RenderSource): Promise<readonly string[]>;
  /** About how much memory is taken by what was parsed and rendered before. */
  readonly cacheBytes: number;
  close(): Promise<void>;
}

export interface RendererOptions {
  /** Threads that parse manifests, at most; 0 parses in this one. */
  workers: number;
  /** Bytes of parsed files and of renders that are kept. */
  cacheBytes: number;
  /** Longest time for parsing the files of one render. */
  deadlineMs: number;
  limits?: Partial<RenderLimits> | undefined;
  /** For kustomizations and charts, which are refused without it. Closed with the renderer. */
  sandbox?: { runs: Sandbox; versionOf: ModuleVersion } | undefined;
  /** Keeps what the sandbox rendered over a restart. */
  disk?: DiskCacheOptions | undefined;
  observe?: ((cost: RenderCost) => void) | undefined;
}

export function createRenderer(o: RendererOptions): Renderer {
  const limits = { ...defaultLimits, ...o.limits };
  // Where nothing is rendered in the sandbox, nothing is set apart for it.
  const share = o.sandbox === undefined ? 0 : o.cacheBytes / 2;
  const plain = new DirectoryRenders({ ...o, limits, cacheBytes: o.cacheBytes - share });
  const askedBytes = share / 8;
  const disk = o.disk === undefined ? undefined : new DiskCache(o.disk);
  const cache = new RenderCache({ bytes: share - askedBytes, disk });
  const sandboxed =
    o.sandbox &&
    new SandboxedRenders({
      sandbox: o.sandbox.runs,
      versionOf: o.sandbox.versionOf,
      limits,
      cache,
      askedBytes,
    });

  // A push is looked at for a thousand applications in a row, and nothing of it may have to wait.
  const turns = new Turns();
  const toolOf = async (snapshot: Snapshot, source: RenderSource) => {
    if (turns.over) await turns.next();
    return toolFor(snapshot, source);
  };

  const needsSandbox = (what: string): SandboxedRenders => {
    if (sandboxed !== undefined) return sandboxed;
    throw new Problem("Unsupported", `${what} cannot be rendered: there is no sandbox for it`);
  };

  const render = async (
    snapshot: Snapshot,
    source: RenderSource,
    cost: RenderCost,
    signal: AbortSignal | undefined,
  ): Promise<DesiredSet> => {
    const tool = await toolOf(snapshot, source);
    cost.tool = tool;
    if (tool === "directory") return plain.render(snapshot, plainOf(source), cost, signal);
    return needsSandbox(`"${source.path}"`).render(snapshot, source, tool, cost, signal);
  };

  return {
    async render(snapshot, source, signal) {
      signal?.throwIfAborted();
      const start = performance.now();
      const cost: RenderCost = {
        key: source.key,
        tool: undefined,
        work: "unchanged",
        files: 0,
        parsed: 0,
        result: "ok",
        seconds: 0,
        waited: 0,
      };
      try {
        return await render(snapshot, normalised(source), cost, signal);
      } catch (error) {
        cost.result = error instanceof Problem ? error.code : "aborted";
        throw error;
      } finally {
        cost.seconds = (performance.now() - start) / 1000;
        o.observe?.(cost);
      }
    },
    async blobs(snapshot, given) {
      const source = normalised(given);
      const tool = await toolOf(snapshot, source);
      if (tool === "directory") return plain.blobs(snapshot, plainOf(source));
      return needsSandbox(`"${source.path}"`).blobs(snapshot, source, tool);
    },
    get cacheBytes() {
      return plain.bytes + cache.bytes;
    },
    async close() {
      await Promise.all([plain.close(), sandboxed?.close(), o.sandbox?.runs.close()]);
    },
  };
}

function plainOf({ path, tool }: RenderSource) {
  return { path, strict: tool !== "directory" };
}

/** `./deploy/prod/` -> `deploy/prod`. What leads upwards is for the snapshot to refuse. */
function normalised(source: RenderSource): RenderSource {
  const parts = source.path.split("/").filter((part) => part !== "" && part !== ".");
  return { ...source, path: parts.join("/") };
}
