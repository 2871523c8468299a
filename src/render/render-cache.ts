import { BoundedCache } from "./bounded-cache.ts";
import type { DiskCache } from "./disk-cache.ts";
import { applies, bytesOf, type Circumstances, type KeptRender } from "./kept-render.ts";

/** Outcomes of one key: a branch and its pull requests, a revision and the revert of it. */
const outcomesOfKey = 8;

/** Renders by their key; of one key those that read other things. */
export class RenderCache {
  readonly #memory: BoundedCache<readonly KeptRender[]>;
  readonly #disk: DiskCache | undefined;

  constructor(o: { bytes: number; disk: DiskCache | undefined }) {
    this.#memory = new BoundedCache(o.bytes);
    this.#disk = o.disk;
  }

  /** In memory. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /** One that a render now would come to. Fetches no blob. */
  async find(key: string, now: Circumstances): Promise<KeptRender | undefined> {
    for (const kept of this.#memory.get(key) ?? []) if (await applies(kept, now)) return kept;
    const kept = await this.#disk?.find(key, (header) => applies(header, now));
    if (kept !== undefined) this.#keep(key, kept);
    return kept;
  }

  /** Failures are kept in memory alone. */
  add(key: string, kept: KeptRender): void {
    this.#keep(key, kept);
    this.#disk?.store(key, kept);
  }

  async close(): Promise<void> {
    this.#memory.clear();
    await this.#disk?.close();
  }

  #keep(key: string, kept: KeptRender): void {
    const all = [kept, ...(this.#memory.get(key) ?? [])].slice(0, outcomesOfKey);
    this.#memory.set(
      key,
      all,
      all.reduce((sum, each) => sum + bytesOf(each), 0),
    );
  }
}
