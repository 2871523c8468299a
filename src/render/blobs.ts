/** Contents of files for one render: fetched a directory at a time, bounded. */
import { Problem } from "../model/problem.ts";
import type { Child, Snapshot } from "../model/snapshot.ts";
import type { RenderLimits } from "./limits.ts";
import { joined, parentOf } from "./paths.ts";

export interface BlobFile {
  path: string;
  blob: string;
}

/** Files that come along with one that is asked for. */
const mostAlong = 256;
/** Bytes that are kept for when they are asked for; past it they are read again. */
const keptBytes = 32 * 1024 * 1024;
/** What no kustomization and no chart reads as text; charts in archives end with .tgz. */
const media = /\.(png|jpe?g|gif|webp|svg|ico|bmp|mp[34]|mov|avi|webm|pdf|zip|jar|exe|woff2?|ttf)$/i;

/** A file that is worth having before it is asked for. */
export function isLikely({ name, mode }: Child): boolean {
  if (mode === "directory" || mode === "submodule") return false;
  return !media.test(name);
}

export class Blobs {
  readonly #snapshot: Snapshot;
  readonly #limits: RenderLimits;
  readonly #kept = new Map<string, Buffer>();
  #keptBytes = 0;
  /** Read already, or too much to come along with others. */
  readonly #obtained = new Set<string>();
  /** The directory that was looked around in last: a large one takes a while to look at. */
  #around: { directory: string; children: readonly Child[]; at: Map<string, number> } | undefined;
  /** Counted once each. */
  readonly #given = new Set<string>();
  #givenBytes = 0;

  constructor(snapshot: Snapshot, limits: RenderLimits) {
    this.#snapshot = snapshot;
    this.#limits = limits;
  }

  /** How many files the render read. */
  get files(): number {
    return this.#given.size;
  }

  /**
   * The content of a file; where it has to be fetched, the rest of its directory comes along.
   * @throws Problem LimitExceeded naming the file; SourceUnreachable
   */
  async content(file: BlobFile): Promise<Buffer> {
    if (!this.#kept.has(file.blob)) await this.#fetch(file);
    const content = this.#kept.get(file.blob);
    if (content === undefined) throw new Problem("SourceUnreachable", `${file.path} was not sent`);
    this.#count(file, content.length);
    this.#trim(file.blob);
    return content;
  }

  /** Contents in one batch. Too much of them is no fault: they are only a guess. */
  async prepare(files: readonly BlobFile[]): Promise<ReadonlyMap<string, Buffer>> {
    try {
      const read = await this.#snapshot.read(files.map(({ blob }) => blob));
      for (const { blob } of files) this.#obtained.add(blob);
      const { fileBytes } = this.#limits;
      return new Map([...read].filter(([, content]) => content.length <= fileBytes));
    } catch (error) {
      if (error instanceof Problem && error.code === "LimitExceeded") return new Map();
      throw error;
    }
  }

  /** The render used a content that was sent to it before. */
  used(blob: string): void {
    this.#given.add(blob);
  }

  /** For when they are asked for. */
  keep(blobs: ReadonlyMap<string, Buffer>): void {
    for (const [blob, content] of blobs) {
      if (this.#kept.has(blob) || this.#keptBytes + content.length > keptBytes) continue;
      this.#kept.set(blob, content);
      this.#keptBytes += content.length;
    }
  }

  /** The render read the file. @throws Problem LimitExceeded */
  #count({ path, blob }: BlobFile, bytes: number): void {
    const { fileBytes, readBytes, files } = this.#limits;
    const refuse = (what: string) => new Problem("LimitExceeded", what);
    if (bytes > fileBytes) throw refuse(`${path} has ${bytes} bytes, more than ${fileBytes}`);
    if (this.#given.has(blob)) return;
    this.#given.add(blob);
    this.#givenBytes += bytes;
    if (this.#given.size > files) throw refuse(`more than ${files} files are read (up to ${path})`);
    if (this.#givenBytes > readBytes)
      throw refuse(`the files that are read have more than ${readBytes} bytes (up to ${path})`);
  }

  async #fetch(file: BlobFile): Promise<void> {
    const along = this.#obtained.has(file.blob) ? [] : await this.#neighbours(file);
    const found = along.length === 0 ? new Map() : await this.prepare([file, ...along]);
    if (found.has(file.blob)) {
      this.#put(file.blob, found.get(file.blob));
      this.keep(found);
      return;
    }
    // Its neighbours were too much, or it is itself: then the error names it.
    for (const { blob } of [file, ...along]) this.#obtained.add(blob);
    const alone = (await this.#snapshot.read([file.blob])).get(file.blob);
    if (alone !== undefined) this.#put(file.blob, alone);
  }

  /** From the file onwards, and from the first one again: asked for in order, all come in few batches. */
  async #neighbours({ path, blob }: BlobFile): Promise<BlobFile[]> {
    const directory = parentOf(path);
    const { children, at: places } = await this.#childrenOf(directory);
    const at = places.get(path) ?? -1;
    const along: BlobFile[] = [];
    for (let i = 1; i < children.length && along.length < mostAlong; i++) {
      const child = children[(at + i) % children.length];
      if (child?.blob === undefined || child.blob === blob || !isLikely(child)) continue;
      if (this.#obtained.has(child.blob)) continue;
      along.push({ path: joined(directory, child.name), blob: child.blob });
    }
    return along;
  }

  async #childrenOf(directory: string) {
    if (this.#around?.directory === directory) return this.#around;
    const children = (await this.#snapshot.children(directory)) ?? [];
    const at = new Map(children.map(({ name }, i) => [joined(directory, name), i]));
    this.#around = { directory, children, at };
    return this.#around;
  }

  #put(blob: string, content: Buffer): void {
    this.#kept.set(blob, content);
    this.#keptBytes += content.length;
  }

  /** What was given is seldom asked for again. */
  #trim(blob: string): void {
    if (this.#keptBytes <= keptBytes / 2) return;
    this.#keptBytes -= this.#kept.get(blob)?.length ?? 0;
    this.#kept.delete(blob);
  }
}
