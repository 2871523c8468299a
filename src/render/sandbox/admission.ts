import { RememberedKeys } from "./remembered-keys.ts";

const rememberedSuspects = 10_000;

/**
 * Who runs next. Pure. At most one run of a key at a time, keys in turn, so that an application
 * that asks a hundred times has its turn as often as one that asks once. A key that took more
 * than its share waits behind all others and never takes the last place, so that hostile
 * applications, however many, leave a place to their siblings. With one place they come last.
 */
export class Admission<Job extends { readonly key: string }> {
  readonly #places: number;
  /** Keys in the order of their turns, each with what waits. */
  readonly #lines = { ordinary: new Map<string, Job[]>(), suspect: new Map<string, Job[]>() };
  readonly #running = new Map<string, { suspect: boolean }>();
  readonly #suspects = new RememberedKeys(rememberedSuspects);

  constructor(places: number) {
    this.#places = places;
  }

  /** Jobs that wait. */
  get waiting(): number {
    let count = 0;
    for (const line of Object.values(this.#lines)) {
      for (const jobs of line.values()) count += jobs.length;
    }
    return count;
  }

  /** Some job waits that is no suspect's, and whose key has nothing running. */
  get ordinaryWaits(): boolean {
    for (const key of this.#lines.ordinary.keys()) if (!this.#running.has(key)) return true;
    return false;
  }

  add(job: Job): void {
    const line = this.#lineOf(job.key);
    const jobs = line.get(job.key);
    if (jobs === undefined) line.set(job.key, [job]);
    else jobs.push(job);
  }

  /** Somebody gave up. @returns whether the job was waiting */
  remove(job: Job): boolean {
    const line = this.#lineOf(job.key);
    const jobs = line.get(job.key) ?? [];
    const index = jobs.indexOf(job);
    if (index < 0) return false;
    jobs.splice(index, 1);
    if (jobs.length === 0) line.delete(job.key);
    return true;
  }

  /** The job whose turn it is, from now on running; undefined while nobody may. */
  next(): Job | undefined {
    if (this.#running.size >= this.#places) return undefined;
    const ordinary = this.#take(this.#lines.ordinary, false);
    if (ordinary !== undefined) return ordinary;
    let suspects = 0;
    for (const { suspect } of this.#running.values()) if (suspect) suspects += 1;
    if (suspects >= Math.max(1, this.#places - 1)) return undefined;
    return this.#take(this.#lines.suspect, true);
  }

  /** The key's run is over; `exhausting`: it took more than its share, or was about to. */
  done(key: string, exhausting: boolean): void {
    this.#running.delete(key);
    const from = this.#lineOf(key);
    this.#suspects.set(key, exhausting);
    const to = this.#lineOf(key);
    const jobs = from.get(key);
    if (from === to || jobs === undefined) return;
    from.delete(key);
    to.set(key, jobs);
  }

  isSuspect(key: string): boolean {
    return this.#suspects.has(key);
  }

  /** Empties the lines. */
  clear(): Job[] {
    const jobs = Object.values(this.#lines).flatMap((line) => [...line.values()].flat());
    for (const line of Object.values(this.#lines)) line.clear();
    return jobs;
  }

  #lineOf(key: string): Map<string, Job[]> {
    return this.#suspects.has(key) ? this.#lines.suspect : this.#lines.ordinary;
  }

  #take(line: Map<string, Job[]>, suspect: boolean): Job | undefined {
    for (const [key, jobs] of line) {
      if (this.#running.has(key)) continue;
      const job = jobs.shift();
      line.delete(key);
      // To the end: the others have their turn first.
      if (jobs.length > 0) line.set(key, jobs);
      this.#running.set(key, { suspect });
      return job;
    }
    return undefined;
  }
}
