/**
 * Renders on disk, for the time after a restart. Whatever is wrong with the disk is a miss: an
 * entry that cannot be read, or is not what was written, is deleted; one that cannot be written is
 * not kept. A render that has a Secret is never written, nor is one that failed.
 *
 * An entry is a file `<key>.<digest of its header>`: the header's length in eight digits, the
 * header as JSON, then a line with the origin and one with the JSON of each object. The header
 * holds the digest of what follows it.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { KeptRender, ObjectText } from "./kept-render.ts";
import { digestOf } from "./request.ts";
import { Turns } from "./turns.ts";

export interface DiskCacheOptions {
  /** A directory of its own is made in it, for this user alone. */
  directory: string;
  /** Bytes of all entries. */
  bytes: number;
  /** What went wrong, for the log; each kind of fault once until it is over. */
  onFault: (what: string, cause: unknown) => void;
}

type Header = Pick<KeptRender, "reads" | "seed" | "time" | "asks"> & { key: string; body: string };

/** By what an outcome is known again. */
type Recognised = Pick<KeptRender, "reads" | "seed" | "time">;

const outcomesOfKey = 4;
/** Entries that wait to be written; past it they are not kept. */
const mostWaiting = 32;
const sliceBytes = 1024 * 1024;
const lengthDigits = 8;
const temporaryName = "writing-";
const entryName = /^[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/;

export class DiskCache {
  readonly #o: DiskCacheOptions;
  readonly #directory: string;
  /** Bytes by name; those used longest ago first. */
  readonly #entries = new Map<string, number>();
  /** Names by key, the latest first. */
  readonly #names = new Map<string, readonly string[]>();
  #bytes = 0;
  readonly #ready: Promise<boolean>;
  /** Writes, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #written = 0;
  #told: string | undefined;
  #closed = false;

  constructor(options: DiskCacheOptions) {
    this.#o = options;
    this.#directory = join(options.directory, "renders");
    this.#ready = this.#open();
  }

  /** The render of this key that `isIt` recognises by what it read. Never throws. */
  async find(
    key: string,
    isIt: (recognised: Recognised) => Promise<boolean>,
  ): Promise<KeptRender | undefined> {
    if (!(await this.#ready)) return undefined;
    for (const name of this.#names.get(key) ?? []) {
      try {
        const kept = await this.#read(name, isIt);
        if (kept === undefined) continue;
        const bytes = this.#entries.get(name);
        if (bytes !== undefined) {
          this.#entries.delete(name);
          this.#entries.set(name, bytes);
        }
        return kept;
      } catch (error) {
        this.#tell("an entry of the render cache cannot be read and is deleted", error);
        await this.#delete(name);
      }
    }
    return undefined;
  }

  /** Writes it in its own time. */
  store(key: string, kept: KeptRender): void {
    if (this.#closed || this.#waiting >= mostWaiting) return;
    if (!("objects" in kept.outcome)) return;
    const { objects } = kept.outcome;
    if (objects.some(isSecret)) return;
    this.#waiting += 1;
    this.#writing = this.#writing
      .then(() => this.#write(key, kept, objects))
      .then(
        () => {
          this.#told = undefined;
        },
        (error: unknown) => this.#tell("a render cannot be kept on disk", error),
      )
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#ready;
    await this.#writing;
  }

  async #open(): Promise<boolean> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const found = await lstat(this.#directory);
      if (!found.isDirectory()) throw new Error(`${this.#directory} is not a directory`);
      if (found.uid !== process.getuid?.())
        throw new Error(`${this.#directory} is another user's, who could read and change it`);
      await chmod(this.#directory, 0o700);
      const entries: { name: string; bytes: number; time: number }[] = [];
      for (const name of await readdir(this.#directory)) {
        // Left by a process that was killed as it wrote.
        if (name.startsWith(temporaryName)) await rm(join(this.#directory, name), { force: true });
        if (!entryName.test(name)) continue;
        const { size, mtimeMs } = await lstat(join(this.#directory, name));
        entries.push({ name, bytes: size, time: mtimeMs });
      }
      for (const { name, bytes } of entries.sort((a, b) => a.time - b.time)) this.#add(name, bytes);
      await this.#evict();
      return true;
    } catch (error) {
      this.#tell("the render cache on disk cannot be used", error);
      return false;
    }
  }

  #add(name: string, bytes: number): void {
    const key = keyIn(name);
    this.#entries.set(name, bytes);
    this.#names.set(key, [name, ...(this.#names.get(key) ?? [])]);
    this.#bytes += bytes;
  }

  async #read(
    name: string,
    isIt: (recognised: Recognised) => Promise<boolean>,
  ): Promise<KeptRender | undefined> {
    const file = await open(
      join(this.#directory, name),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const { size } = await file.stat();
      if (size > this.#o.bytes) throw new Error("it is larger than the cache");
      const length = Number((await readAt(file, 0, lengthDigits)).toString("latin1"));
      if (!Number.isSafeInteger(length) || length > size) throw new Error("its header is damaged");
      const text = (await readAt(file, lengthDigits, length)).toString();
      if (!name.endsWith(`.${digestOf(text)}`)) throw new Error("its header is damaged");
      const { key, body, ...header } = JSON.parse(text) as Header;
      if (key !== keyIn(name)) throw new Error("it is another render's");
      if (!(await isIt(header))) return undefined;
      const from = lengthDigits + length;
      const bytes = await readAt(file, from, size - from);
      const digest = createHash("sha256");
      const turns = new Turns();
      for (let at = 0; at < bytes.length; at += sliceBytes) {
        digest.update(bytes.subarray(at, at + sliceBytes));
        if (turns.over) await turns.next();
      }
      if (digest.digest("base64url") !== body) throw new Error("its objects are damaged");
      return { ...header, outcome: { objects: await objectsIn(bytes) } };
    } finally {
      await file.close();
    }
  }

  async #write(key: string, kept: KeptRender, objects: readonly ObjectText[]): Promise<void> {
    if (!(await this.#ready)) return;
    const { reads, asks, seed, time } = kept;
    const turns = new Turns();
    const digest = createHash("sha256");
    const parts: Buffer[] = [];
    for (const { json, origin } of objects) {
      const part = Buffer.from(`${JSON.stringify(origin)}\n${json}\n`);
      digest.update(part);
      parts.push(part);
      if (turns.over) await turns.next();
    }
    const header: Header = {
      key,
      reads,
      asks,
      ...(seed === undefined ? {} : { seed }),
      ...(time === undefined ? {} : { time }),
      body: digest.digest("base64url"),
    };
    const text = JSON.stringify(header);
    const length = Buffer.byteLength(text);
    const first = Buffer.from(`${String(length).padStart(lengthDigits, "0")}${text}`);
    const name = `${key}.${digestOf(text)}`;
    const bytes = parts.reduce((sum, part) => sum + part.length, first.length);
    const tooLarge = bytes > this.#o.bytes || length >= 10 ** lengthDigits;
    if (this.#entries.has(name) || tooLarge) return;
    this.#written += 1;
    const temporary = join(this.#directory, `${temporaryName}${this.#written}`);
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(Buffer.concat([first, ...parts]));
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.#directory, name));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    this.#add(name, bytes);
    for (const old of (this.#names.get(key) ?? []).slice(outcomesOfKey)) await this.#delete(old);
    await this.#evict();
  }

  async #evict(): Promise<void> {
    for (const name of this.#entries.keys()) {
      if (this.#bytes <= this.#o.bytes) break;
      await this.#delete(name);
    }
  }

  async #delete(name: string): Promise<void> {
    this.#bytes -= this.#entries.get(name) ?? 0;
    this.#entries.delete(name);
    const key = keyIn(name);
    const others = (this.#names.get(key) ?? []).filter((other) => other !== name);
    if (others.length > 0) this.#names.set(key, others);
    else this.#names.delete(key);
    await rm(join(this.#directory, name), { force: true, recursive: true }).catch(
      (error: unknown) => this.#tell("an entry of the render cache cannot be deleted", error),
    );
  }

  #tell(what: string, error: unknown): void {
    const fault = `${what} ${(error as { code?: string }).code ?? ""}`;
    if (this.#told === fault) return;
    this.#told = fault;
    this.#o.onFault(what, error);
  }
}

function keyIn(name: string): string {
  return name.slice(0, name.indexOf("."));
}

/** Of the object, or of something in it: rather one too many. The JSON is as JSON.stringify writes it. */
function isSecret({ json }: ObjectText): boolean {
  return json.includes('"kind":"Secret"');
}

async function readAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, from + at);
    if (bytesRead === 0) throw new Error("it is cut off");
    at += bytesRead;
  }
  return bytes;
}

async function objectsIn(bytes: Buffer): Promise<ObjectText[]> {
  const turns = new Turns();
  const objects: ObjectText[] = [];
  for (let at = 0; at < bytes.length; ) {
    const origin = bytes.indexOf("\n", at);
    const json = bytes.indexOf("\n", origin + 1);
    objects.push({
      origin: JSON.parse(bytes.toString("utf8", at, origin)) as string,
      json: bytes.toString("utf8", origin + 1, json),
    });
    at = json + 1;
    if (turns.over) await turns.next();
  }
  return objects;
}
