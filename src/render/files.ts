/** The files that a renderer in the sandbox may see: those of one snapshot, and a record of them. */
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { Blobs } from "./blobs.ts";
import type { RenderLimits } from "./limits.ts";
import { joined, snapshotPath } from "./paths.ts";
import { type Read, ReadRecord, seen } from "./reads.ts";
import { type Resolution, resolve } from "./resolve.ts";
import type { Expected, FileOperation, SandboxFiles } from "./sandbox/file-channel.ts";
import { Turns } from "./turns.ts";

/** One question of a renderer, for the next time: `read deploy/web.yaml`. */
export type Ask = `${FileOperation} ${string}`;

interface Listing {
  names: readonly string[];
  reads: readonly Read[];
}

/** Bytes that are sent before they are asked for. */
const sentBytes = 16 * 1024 * 1024;
/** Names on the way through links, for each file that a render may have. */
const stepsOfFile = 10;

/**
 * For one render. Symlinks are followed where they lead to a file of the snapshot; what leads out
 * of it, and submodules, end the render by a Problem that names them.
 */
export class SnapshotFiles implements SandboxFiles {
  readonly #snapshot: Snapshot;
  readonly #limits: RenderLimits;
  readonly #guess: () => Promise<readonly Ask[]>;
  readonly #blobs: Blobs;
  readonly #record = new ReadRecord();
  readonly #asks = new Set<Ask>();
  readonly #resolved = new Map<string, Resolution>();
  readonly #listed = new Map<string, Listing>();
  readonly #turns = new Turns();
  #steps = 0;

  /** @param guess what will probably be asked: of the last render, or of the directory */
  constructor(o: {
    snapshot: Snapshot;
    limits: RenderLimits;
    guess: () => Promise<readonly Ask[]>;
  }) {
    this.#snapshot = o.snapshot;
    this.#limits = o.limits;
    this.#guess = o.guess;
    this.#blobs = new Blobs(o.snapshot, o.limits);
  }

  /** All that the render depended on so far. */
  get reads(): readonly Read[] {
    return this.#record.all();
  }

  get asks(): readonly Ask[] {
    return [...this.#asks];
  }

  /** Files whose content was given. */
  get files(): number {
    return this.#blobs.files;
  }

  async stat(asked: string): Promise<"missing" | "file" | "directory"> {
    const found = await this.#find("stat", asked);
    return found?.kind ?? "missing";
  }

  async read(asked: string): Promise<Uint8Array | undefined> {
    const found = await this.#find("read", asked);
    if (found?.kind !== "file") return undefined;
    this.#record.add([[found.path, seen.content(found.blob)]]);
    // Of its own type and size: what crosses to another thread is all that is behind a Buffer.
    return new Uint8Array(await this.#blobs.content(found));
  }

  async list(asked: string): Promise<readonly string[] | undefined> {
    const found = await this.#find("list", asked);
    if (found?.kind !== "directory") return undefined;
    const { names, reads } = await this.#orIncomparable(found.path, () => this.#list(found.path));
    this.#record.add(reads);
    return names;
  }

  async expected(): Promise<ReadonlyMap<string, Expected>> {
    const expected = new Map<string, Expected>();
    const files = new Map<string, { path: string; blob: string }>();
    for (const ask of await this.#guess()) {
      const [operation, path] = splitAsk(ask);
      if (this.#turns.over) await this.#turns.next();
      try {
        const { found } = await this.#resolve(path);
        if (found.kind === "missing") expected.set(path, { missing: true });
        else if (found.kind === "directory" && operation !== "read")
          expected.set(path, { directory: (await this.#list(found.path)).names });
        else if (found.kind === "file" && operation === "read") files.set(path, found);
      } catch (error) {
        // Not asked for yet: what is wrong with it is said when it is.
        if (!(error instanceof Problem) || error.retry === "transient") throw error;
      }
    }
    const contents = await this.#blobs.prepare([...files.values()]);
    let bytes = 0;
    const kept = new Map<string, Buffer>();
    for (const [path, { blob }] of files) {
      const content = contents.get(blob);
      if (content === undefined) continue;
      bytes += content.length;
      if (bytes <= sentBytes) expected.set(path, { file: new Uint8Array(content) });
      else kept.set(blob, content);
    }
    this.#blobs.keep(kept);
    return expected;
  }

  used(operation: FileOperation, asked: string): void {
    const resolution = this.#resolved.get(asked);
    if (resolution === undefined) return;
    this.#asks.add(`${operation} ${asked}`);
    this.#record.add(resolution.reads);
    const { found } = resolution;
    if (operation === "read" && found.kind === "file") {
      this.#record.add([[found.path, seen.content(found.blob)]]);
      this.#blobs.used(found.blob);
    }
    if (operation === "list" && found.kind === "directory")
      this.#record.add(this.#listed.get(found.path)?.reads ?? []);
  }

  /** @returns undefined for what no file is called */
  async #find(operation: FileOperation, asked: string) {
    const path = snapshotPath(asked);
    if (path === undefined) return undefined;
    this.#asks.add(`${operation} ${path}`);
    const { found, reads } = await this.#orIncomparable(path, () => this.#resolve(path));
    this.#record.add(reads);
    if (found.kind === "refused") throw found.problem;
    return found;
  }

  async #resolve(path: string): Promise<Resolution> {
    const known = this.#resolved.get(path);
    if (known !== undefined) return known;
    const made = await resolve(
      this.#snapshot,
      path,
      (link) => this.#blobs.content(link),
      (at) => this.#step(at),
    );
    this.#resolved.set(path, made);
    return made;
  }

  /** Links are followed in this thread, and the renderer's deadline stands meanwhile. */
  async #step(path: string): Promise<void> {
    this.#steps += 1;
    const most = stepsOfFile * this.#limits.files;
    if (this.#steps > most)
      throw new Problem(
        "LimitExceeded",
        `the symlinks lead over more than ${most} names (${path})`,
      );
    if (this.#turns.over) await this.#turns.next();
  }

  async #list(directory: string): Promise<Listing> {
    const known = this.#listed.get(directory);
    if (known !== undefined) return known;
    const made = await this.#readNames(directory);
    this.#listed.set(directory, made);
    return made;
  }

  async #readNames(directory: string): Promise<Listing> {
    const children = (await this.#snapshot.children(directory)) ?? [];
    if (children.length > this.#limits.files) {
      throw new Problem(
        "LimitExceeded",
        `"${directory}" has ${children.length} files, more than ${this.#limits.files}`,
      );
    }
    const reads: Read[] = [[directory, seen.names(children)]];
    const names: string[] = [];
    for (const { name, mode } of children) {
      let isDirectory = mode === "directory" || mode === "submodule";
      if (mode === "symlink") {
        const target = await this.#resolve(joined(directory, name));
        reads.push(...target.reads);
        // One that leads nowhere is refused when it is asked for.
        isDirectory = target.found.kind === "directory";
      }
      names.push(isDirectory ? `${name}/` : name);
    }
    return { names: names.sort(), reads };
  }

  /** What fails for a reason that is not in the reads must not be taken for the same later. */
  async #orIncomparable<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#record.add([[path, seen.incomparable]]);
      throw error;
    }
  }
}

function splitAsk(ask: Ask): [FileOperation, string] {
  const space = ask.indexOf(" ");
  return [ask.slice(0, space) as FileOperation, ask.slice(space + 1)];
}
