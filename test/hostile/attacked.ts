/**
 * A renderer as the controller has it, real modules and all, which is given what people write who
 * want something else; and a canary beside it that must never come out.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RenderedObject } from "../../src/model/desired.ts";
import { Problem } from "../../src/model/problem.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { createModuleVersion } from "../../src/render/module-version.ts";
import { createRenderer, type Renderer } from "../../src/render/render.ts";
import { createSandbox } from "../../src/render/sandbox/sandbox.ts";
import type { HelmOptions, RenderTool } from "../../src/render/source.ts";
import { defaultLimits } from "../../src/source/limits.ts";
import { GitSnapshot } from "../../src/source/snapshot.ts";
import { Tree } from "../../src/source/tree.ts";
import { chart, configMapTemplate, kustomization } from "../e2e/harness/sources.ts";
import type { Change } from "../git/repository.ts";

export interface Attack {
  name: string;
  /** Of the revision. */
  files: Readonly<Record<string, Change>>;
  /** Default `deploy`. */
  path?: string;
  tool?: RenderTool;
  helm?: HelmOptions;
}

/** What is around an attack and harmless. */
export const settings = configMapTemplate("settings", { v: "one" });

/** A chart in `deploy`. */
export function web(templates: Record<string, string>, files: Record<string, string> = {}) {
  return chart("deploy", { name: "web", templates, files });
}

/** A kustomization in `deploy`, beside {@link settings} as a.yaml. */
export function built(fields: Record<string, unknown>, files: Record<string, string> = {}) {
  return kustomization("deploy", fields, { "a.yaml": settings, ...files });
}

export type Attempt = ({ objects: readonly RenderedObject[] } | { problem: Problem }) & {
  /** CPU time of this thread's longest turn: for how long it could do nothing else on a quiet machine. */
  heldMs: number;
};

export interface AttackedOptions {
  deadlineMs?: number;
  memoryMiB?: number;
}

const MiB = 1024 * 1024;
const modules = fileURLToPath(new URL("../../renderers/build", import.meta.url));
const canaryVariable = "MOORING_CANARY";

export class Attacked {
  /** Outside of every repository; holds the canary's file. */
  readonly directory: string;
  readonly canaryFile: string;
  readonly #canary: string;
  readonly #renderer: Renderer;
  readonly #rss = process.memoryUsage.rss();

  private constructor(directory: string, canary: string, renderer: Renderer) {
    this.directory = directory;
    this.canaryFile = join(directory, "canary.yaml");
    this.#canary = canary;
    this.#renderer = renderer;
  }

  static async start(o: AttackedOptions): Promise<Attacked> {
    const canary = `canary-${randomBytes(12).toString("hex")}`;
    process.env[canaryVariable] = canary;
    const directory = await mkdtemp(join(tmpdir(), "mooring-canary-"));
    const { deadlineMs = 10_000, memoryMiB = 512 } = o;
    const sandbox = createSandbox({
      directory: modules,
      workers: 1,
      idleMs: 60_000,
      limits: { deadlineMs, memoryPages: (memoryMiB * MiB) / 65_536 },
    });
    const renderer = createRenderer({
      workers: 1,
      cacheBytes: 16 * MiB,
      deadlineMs,
      sandbox: { runs: sandbox, versionOf: createModuleVersion(modules) },
    });
    const attacked = new Attacked(directory, canary, renderer);
    // An object, so that reading it as a manifest succeeds.
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${canary}\n`;
    await writeFile(attacked.canaryFile, manifest);
    return attacked;
  }

  /** Whatever comes of it; the canary is looked for in all of that. */
  async attempt({ name, files, path = "deploy", tool = "auto", helm }: Attack): Promise<Attempt> {
    const source = {
      path,
      tool,
      ...(helm === undefined ? {} : { helm }),
      releaseName: "shop",
      namespace: "team",
      capabilities: { kubeVersion: "v1.36.3", apiVersions: ["v1", "apps/v1"] },
      seed: Buffer.from(name),
      key: "team/shop",
      scope: "team",
    };
    const turns = watchTurns();
    const outcome = await this.#renderer.render(snapshotOf(files), source).then(
      ({ objects }) => ({ objects }),
      (error: unknown) => ({ error }),
    );
    const heldMs = turns.end();
    if ("objects" in outcome) {
      this.#look(JSON.stringify(outcome.objects));
      return { ...outcome, heldMs };
    }
    const { error } = outcome;
    if (!(error instanceof Problem)) throw error;
    this.#look(`${error.message} ${error.detail} ${error.stack} ${error.cause}`);
    return { problem: error, heldMs };
  }

  /** @throws Error when it was rendered */
  async refused(attack: Attack): Promise<Problem> {
    const attempt = await this.attempt(attack);
    if ("problem" in attempt) return attempt.problem;
    const made = JSON.stringify(attempt.objects).slice(0, 2_000);
    throw new Error(`"${attack.name}" was rendered: ${made}`);
  }

  /** @throws Problem when it was not */
  async rendered(attack: Attack): Promise<readonly RenderedObject[]> {
    const attempt = await this.attempt(attack);
    if ("problem" in attempt) throw attempt.problem;
    return attempt.objects;
  }

  /** By how much this process is larger than before the first attempt. */
  grownMiB(): number {
    return (process.memoryUsage.rss() - this.#rss) / MiB;
  }

  async stop(): Promise<void> {
    delete process.env[canaryVariable];
    await this.#renderer.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #look(text: string): void {
    if (text.includes(this.#canary)) throw new Error("the canary is out");
    if (text.includes("root:x:0:")) throw new Error("/etc/passwd is out");
  }
}

export function startAttacked(options: AttackedOptions = {}): Promise<Attacked> {
  return Attacked.start(options);
}

/** As Git has it: `git ls-tree -r -z`, and the blobs. */
function snapshotOf(files: Readonly<Record<string, Change>>): Snapshot {
  const blobs = new Map<string, Buffer>();
  const entries = Object.entries(files).flatMap(([path, change]) => {
    if (change === null) return [];
    const { mode, content } = gitFile(change);
    const id =
      mode === "160000" ? content.toString() : createHash("sha1").update(content).digest("hex");
    if (mode !== "160000") blobs.set(id, content);
    return [{ path: Buffer.from(path), line: `${mode} blob ${id}\t` }];
  });
  entries.sort((a, b) => Buffer.compare(a.path, b.path));
  const nul = Buffer.of(0);
  const bytes = Buffer.concat(entries.flatMap(({ path, line }) => [Buffer.from(line), path, nul]));
  const tree = Tree.parse(bytes, defaultLimits.entries);
  const commit = createHash("sha1").update(bytes).digest("hex");
  return new GitSnapshot({
    revision: `main@sha1:${commit}`,
    commit: { id: commit, author: "Mallory", subject: "Attack", time: "2024-01-01T00:00:00Z" },
    tree,
    read: async (ids) => new Map(ids.map((id) => [id, blobs.get(id) ?? Buffer.alloc(0)])),
    limits: defaultLimits,
  });
}

function gitFile(change: Exclude<Change, null>): { mode: string; content: Buffer } {
  if (typeof change === "string") return { mode: "100644", content: Buffer.from(change) };
  if (change instanceof Uint8Array) return { mode: "100644", content: Buffer.from(change) };
  if ("executable" in change) return { mode: "100755", content: Buffer.from(change.executable) };
  if ("symlink" in change) return { mode: "120000", content: Buffer.from(change.symlink) };
  return { mode: "160000", content: Buffer.from(change.submodule) };
}

/** Measures turns of the event loop by the CPU time that they take: other processes do not stretch it. */
function watchTurns(): { end(): number } {
  let last = process.threadCpuUsage();
  let longest = 0;
  const look = () => {
    const { user, system } = process.threadCpuUsage(last);
    longest = Math.max(longest, user + system);
    last = process.threadCpuUsage();
  };
  const timer = setInterval(look, 10);
  return {
    end() {
      clearInterval(timer);
      look();
      return longest / 1000;
    },
  };
}
