/** The import module `mooring`: all that a renderer can ask for, and say. */

import { parseExact } from "../../model/exact-json.ts";
import type { ProblemCode } from "../../model/problem.ts";
import { readObjects } from "../manifest.ts";
import { DocumentError } from "../yaml/documents.ts";
import { jsonSize } from "./json-size.ts";
import type { SandboxLimits } from "./limits.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { snapshotPath } from "./paths.ts";
import { type Refusal, RunRefused } from "./refusal.ts";

/** The files of a run, answered at once. Paths are such as snapshotPath returns. */
export interface FileAnswers {
  stat(path: string): "missing" | "file" | "directory";
  read(path: string): Uint8Array | "missing" | "directory";
  /** Names, sorted, those of directories with a `/` at the end. */
  list(path: string): readonly string[] | "missing" | "file";
}

/** One object, normalised, as JSON; and where it comes from. */
export interface RenderedJson {
  json: string;
  origin: string;
}

/** What a renderer may say of its input. */
const failures: ReadonlySet<string> = new Set<ProblemCode>([
  "InvalidManifest",
  "Unsupported",
  "LimitExceeded",
  "PathNotFound",
  "SourceRefused",
]);
const longestMessage = 2_000;
/** Of an object's origin; names in an archive are as long, and as odd, as its author wants. */
const longestOrigin = 1_024;
const depends = { random: 1, clock: 2 } as const;
const missing = -1;
const otherKind = -2;

export class Host {
  readonly #memory: LinearMemory;
  readonly #limits: SandboxLimits;
  #request = Buffer.alloc(0);
  #files: FileAnswers | undefined;
  #kept: Uint8Array = Buffer.alloc(0);
  #operations = 0;
  #readBytes = 0;
  #outputBytes = 0;
  #objects: RenderedJson[] = [];
  #refusal: Refusal | undefined;
  #declared = { random: false, clock: false };

  constructor(memory: LinearMemory, limits: SandboxLimits) {
    this.#memory = memory;
    this.#limits = limits;
  }

  begin(request: string, files: FileAnswers): void {
    this.#request = Buffer.from(request);
    this.#files = files;
    this.#operations = 0;
    this.#readBytes = 0;
    this.#outputBytes = 0;
    this.#objects = [];
    this.#refusal = undefined;
    this.#declared = { random: false, clock: false };
  }

  /** Nothing of the run is held any longer. */
  end(): void {
    this.begin("", noFiles);
    this.#kept = Buffer.alloc(0);
  }

  get objects(): readonly RenderedJson[] {
    return this.#objects;
  }

  get outputBytes(): number {
    return this.#outputBytes;
  }

  /** What the renderer said is wrong with its input. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** What the renderer said that its outcome depends on. */
  get declared(): { random: boolean; clock: boolean } {
    return this.#declared;
  }

  get imports(): WebAssembly.ModuleImports {
    return {
      request: (at: number, length: number) => {
        if (length >>> 0 >= this.#request.length) {
          this.#memory.bytes(at, this.#request.length).set(this.#request);
        }
        return this.#request.length;
      },
      stat: (at: number, length: number) => {
        const found = this.#asked().stat(this.#path(at, length));
        return found === "missing" ? 0 : found === "file" ? 1 : 2;
      },
      read: (at: number, length: number) => this.#read(this.#path(at, length)),
      list: (at: number, length: number) => this.#list(this.#path(at, length)),
      take: (at: number) => {
        this.#memory.bytes(at, this.#kept.length).set(this.#kept);
      },
      object: (at: number, length: number, originAt: number, originLength: number) =>
        this.#object(
          this.#memory.bytes(at, length),
          printable(this.#text(originAt, Math.min(originLength >>> 0, longestOrigin)), ""),
        ),
      depends: (what: number) => {
        if (what === depends.random) this.#declared.random = true;
        if (what === depends.clock) this.#declared.clock = true;
      },
      fail: (at: number, length: number) => {
        this.#refusal ??= readFailure(this.#text(at, length));
      },
    };
  }

  #asked(): FileAnswers {
    this.#operations += 1;
    if (this.#operations > this.#limits.fileOperations) {
      throw limit(`asks for files more than ${this.#limits.fileOperations} times`);
    }
    if (this.#files === undefined) throw new Error("a file is asked for before a run");
    return this.#files;
  }

  #read(path: string): number {
    const found = this.#asked().read(path);
    if (typeof found === "string") return found === "missing" ? missing : otherKind;
    this.#readBytes += found.length;
    if (this.#readBytes > this.#limits.readBytes) {
      throw limit(`reads more than ${megabytes(this.#limits.readBytes)} of files`);
    }
    this.#kept = found;
    return found.length;
  }

  #list(path: string): number {
    const found = this.#asked().list(path);
    if (typeof found === "string") return found === "missing" ? missing : otherKind;
    this.#kept = Buffer.from(found.join("\0"));
    return this.#kept.length;
  }

  #object(json: Uint8Array, origin: string): void {
    const { outputBytes, depth, values, objects } = this.#limits;
    this.#outputBytes += json.length;
    if (this.#outputBytes > outputBytes)
      throw limit(`writes more than ${megabytes(outputBytes)} (--render-output)`);
    const size = jsonSize(json);
    if (size.depth > depth) {
      throw new RunRefused("LimitExceeded", `${origin}: nested deeper than ${depth}`);
    }
    if (size.values > values) {
      throw new RunRefused("LimitExceeded", `${origin}: an object of more than ${values} values`);
    }
    try {
      for (const each of readObjects(parseExact(Buffer.from(json).toString()))) {
        this.#objects.push({ json: each, origin });
      }
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      throw new RunRefused(error.code, `${origin}: ${error.message}`);
    }
    if (this.#objects.length > objects)
      throw limit(`writes more than ${objects} objects (--render-max-objects)`);
  }

  #path(at: number, length: number): string {
    return snapshotPath(this.#text(at, length));
  }

  #text(at: number, length: number): string {
    const { buffer, byteOffset, byteLength } = this.#memory.bytes(at, length);
    return Buffer.from(buffer, byteOffset, byteLength).toString();
  }
}

const noFiles: FileAnswers = {
  stat: () => "missing",
  read: () => "missing",
  list: () => "missing",
};

function readFailure(text: string): Refusal {
  const said = JSON.parse(text) as { code?: unknown; message?: unknown; file?: unknown };
  const message = typeof said.message === "string" ? said.message.trim() : "it failed";
  const file = typeof said.file === "string" && !message.includes(said.file) ? said.file : "";
  const what = printable(`${file === "" ? "" : `${file}: `}${message}`, "\n\t");
  return {
    code: (failures.has(String(said.code)) ? said.code : "InvalidManifest") as ProblemCode,
    what: what.length > longestMessage ? `${what.slice(0, longestMessage)}...` : what,
  };
}

/** What is written to terminals and logs: without control characters, but for those in `allowed`. */
function printable(text: string, allowed: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (found) =>
    allowed.includes(found) ? found : "\ufffd",
  );
}

function limit(what: string): RunRefused {
  return new RunRefused("LimitExceeded", `rendering ${what}`);
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`;
}
