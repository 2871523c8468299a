import type { Expected, SandboxFiles } from "../../../../src/render/sandbox/file-channel.ts";

/** Files in memory, and all that a run asked for. */
export class MemoryFiles implements SandboxFiles {
  /** `read a/b`, in order: what went by the main thread. */
  readonly asked: string[] = [];
  /** What was taken from what was sent along. */
  readonly taken: string[] = [];
  readonly #files: Readonly<Record<string, string>>;
  readonly #expected: ReadonlyMap<string, Expected>;
  readonly #before: (path: string) => Promise<void>;

  constructor(
    files: Readonly<Record<string, string>> = {},
    o: {
      expected?: readonly (readonly [string, Expected])[];
      /** Before each answer. */
      before?: (path: string) => Promise<void>;
    } = {},
  ) {
    this.#files = files;
    this.#expected = new Map(o.expected);
    this.#before = o.before ?? (async () => {});
  }

  async stat(path: string): Promise<"missing" | "file" | "directory"> {
    this.asked.push(`stat ${path}`);
    await this.#before(path);
    if (Object.hasOwn(this.#files, path)) return "file";
    return this.#children(path).length > 0 ? "directory" : "missing";
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.asked.push(`read ${path}`);
    await this.#before(path);
    const text = Object.hasOwn(this.#files, path) ? this.#files[path] : undefined;
    return text === undefined ? undefined : Buffer.from(text);
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    this.asked.push(`list ${path}`);
    await this.#before(path);
    const children = this.#children(path);
    return children.length > 0 ? children : undefined;
  }

  async expected(): Promise<ReadonlyMap<string, Expected>> {
    return this.#expected;
  }

  used(operation: "stat" | "read" | "list", path: string): void {
    this.taken.push(`${operation} ${path}`);
  }

  #children(directory: string): string[] {
    const prefix = directory === "" ? "" : `${directory}/`;
    const inside = Object.keys(this.#files).filter((path) => path.startsWith(prefix));
    const names = inside.map((path) => path.slice(prefix.length).replace(/\/.*/, "/"));
    return [...new Set(names)].sort();
  }
}
