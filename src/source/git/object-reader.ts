import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { type GitBinary, killGit, startGit } from "./command.ts";

interface Ask {
  ids: readonly string[];
  found: Map<string, Buffer>;
  resolve: (found: Map<string, Buffer>) => void;
  reject: (error: Error) => void;
}

/**
 * One long-lived `git cat-file --batch`: started by the first question, ended after a while
 * without one. Answers come in the order of the questions.
 */
export class ObjectReader {
  readonly #binary: GitBinary;
  readonly #gitDir: string;
  readonly #objects: string;
  readonly #idleMs: number;
  #child: ChildProcessWithoutNullStreams | undefined;
  #asks: Ask[] = [];
  /** Chunks that are not consumed yet. */
  #chunks: Buffer[] = [];
  #available = 0;
  /** The object whose bytes are awaited. */
  #awaited: { id: string; size: number } | undefined;
  /** Answers given to the first question. */
  #answers = 0;
  #idle: NodeJS.Timeout | undefined;

  /**
   * @param o.gitDir an empty bare repository: one that knows of no remote, so that a missing
   *   object is missing, not fetched on its own
   * @param o.objects the object directory that is read
   */
  constructor(o: { binary: GitBinary; gitDir: string; objects: string; idleMs?: number }) {
    this.#binary = o.binary;
    this.#gitDir = o.gitDir;
    this.#objects = o.objects;
    this.#idleMs = o.idleMs ?? 5_000;
  }

  /** The objects that are there; a missing one is missing in the answer. */
  read(ids: readonly string[]): Promise<Map<string, Buffer>> {
    if (ids.length === 0) return Promise.resolve(new Map());
    clearTimeout(this.#idle);
    const child = this.#child ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#asks.push({ ids, found: new Map(), resolve, reject });
      child.stdin.write(`${ids.join("\n")}\n`);
    });
  }

  /** Ends the process; questions that are open fail. */
  close(): void {
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) killGit(child);
    this.#fail(new Error("the reader of Git objects was closed"));
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = startGit(this.#binary, {
      gitDir: this.#gitDir,
      objects: this.#objects,
      args: ["cat-file", "--batch"],
    });
    this.#child = child;
    this.#chunks = [];
    this.#available = 0;
    this.#awaited = undefined;
    this.#answers = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      if (this.#child !== child) return;
      this.#chunks.push(chunk);
      this.#available += chunk.length;
      this.#consume();
    });
    child.stderr.resume();
    child.on("error", () => {});
    child.on("close", () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#fail(new Error("git cat-file ended unexpectedly"));
    });
    return child;
  }

  #fail(error: Error): void {
    const asks = this.#asks;
    this.#asks = [];
    for (const ask of asks) ask.reject(error);
  }

  #consume(): void {
    for (let ask = this.#asks[0]; ask !== undefined; ask = this.#asks[0]) {
      if (this.#awaited === undefined) {
        const header = this.#line();
        if (header === undefined) return;
        const [id = "", type = "", size = ""] = header.split(" ");
        if (type === "missing") {
          this.#answered(ask, id, undefined);
          continue;
        }
        this.#awaited = { id, size: Number(size) };
      }
      const { id, size } = this.#awaited;
      // One more: the line feed after each object.
      if (this.#available < size + 1) return;
      const bytes = this.#take(size + 1).subarray(0, size);
      this.#awaited = undefined;
      this.#answered(ask, id, bytes);
    }
  }

  #answered(ask: Ask, id: string, bytes: Buffer | undefined): void {
    if (bytes !== undefined) ask.found.set(id, bytes);
    if (++this.#answers < ask.ids.length) return;
    this.#answers = 0;
    this.#asks.shift();
    ask.resolve(ask.found);
    if (this.#asks.length === 0) this.#idle = setTimeout(() => this.close(), this.#idleMs).unref();
  }

  #line(): string | undefined {
    const first = this.#chunks[0];
    if (first === undefined) return undefined;
    let end = first.indexOf(10);
    if (end < 0 && this.#chunks.length > 1) {
      const all = Buffer.concat(this.#chunks);
      this.#chunks = [all];
      end = all.indexOf(10);
    }
    return end < 0 ? undefined : this.#take(end + 1).toString("latin1", 0, end);
  }

  /** Bytes that are known to be available; a copy where the object spans chunks. */
  #take(size: number): Buffer {
    this.#available -= size;
    const parts: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      const chunk = this.#chunks[0] as Buffer;
      if (chunk.length <= missing) {
        parts.push(chunk);
        missing -= chunk.length;
        this.#chunks.shift();
      } else {
        parts.push(chunk.subarray(0, missing));
        this.#chunks[0] = chunk.subarray(missing);
        missing = 0;
      }
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}
