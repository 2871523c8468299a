import { RememberedKeys } from "./remembered-keys.ts";

const rememberedSuspects = 10_000;

/**
 * Who runs next. Pure. At most one run of a key at a time. Tenants have their turns, and of a
 * tenant its keys, so that neither an application that asks a hundred times nor a tenant with a
 * hundred applications has its turn more often than who asks once. A key that took more than its
 * share waits behind all others and never takes the last place, so that hostile applications,
 * however many, leave a place to their siblings. With one place they come last.
 */
export class Admission<Job extends { readonly key: string }> {
  readonly #places: number;
  readonly #lines = { ordinary: new Line<Job>(), suspect: new Line<Job>() };
  readonly #running = new Map<string, { suspect: boolean }>();
  readonly #suspects = new RememberedKeys(rememberedSuspects);

  constructor(places: number) {
    this.#places = places;
  }

  /** Jobs that wait. */
  get waiting(): number {
    return this.#lines.ordinary.size + this.#lines.suspect.size;
  }

  /** Some job waits that is no suspect's, and whose key has nothing running. */
  get ordinaryWaits(): boolean {
    return this.#lines.ordinary.hasOneBut(this.#running);
  }

  add(job: Job): void {
    this.#lineOf(job.key).add(job.key, [job]);
  }

  /** Somebody gave up. @returns whether the job was waiting */
  remove(job: Job): boolean {
    return this.#lineOf(job.key).remove(job);
  }

  /** The job whose turn it is, from now on running; undefined while nobody may. */
  next(): Job | undefined {
    if (this.#running.size >= this.#places) return undefined;
    const ordinary = this.#take(false);
    if (ordinary !== undefined) return ordinary;
    let suspects = 0;
    for (const { suspect } of this.#running.values()) if (suspect) suspects += 1;
    if (suspects >= Math.max(1, this.#places - 1)) return undefined;
    return this.#take(true);
  }

  /** The key's run is over; `exhausting`: it took more than its share, or was about to. */
  done(key: string, exhausting: boolean): void {
    this.#running.delete(key);
    const from = this.#lineOf(key);
    this.#suspects.set(key, exhausting);
    const to = this.#lineOf(key);
    if (from !== to) to.add(key, from.takeAll(key));
  }

  isSuspect(key: string): boolean {
    return this.#suspects.has(key);
  }

  /** Empties the lines. */
  clear(): Job[] {
    return [...this.#lines.ordinary.clear(), ...this.#lines.suspect.clear()];
  }

  #lineOf(key: string): Line<Job> {
    return this.#suspects.has(key) ? this.#lines.suspect : this.#lines.ordinary;
  }

  #take(suspect: boolean): Job | undefined {
    const job = this.#lines[suspect ? "suspect" : "ordinary"].take(this.#running);
    if (job !== undefined) this.#running.set(job.key, { suspect });
    return job;
  }
}

/** Jobs that wait: tenants in the order of their turns, of each its keys in theirs, of each its jobs. */
class Line<Job extends { readonly key: string }> {
  readonly #tenants = new Map<string, Map<string, Job[]>>();

  get size(): number {
    let count = 0;
    for (const keys of this.#tenants.values())
      for (const jobs of keys.values()) count += jobs.length;
    return count;
  }

  hasOneBut(running: ReadonlyMap<string, unknown>): boolean {
    for (const keys of this.#tenants.values())
      for (const key of keys.keys()) if (!running.has(key)) return true;
    return false;
  }

  add(key: string, jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    const tenant = tenantOf(key);
    const keys = this.#tenants.get(tenant) ?? new Map<string, Job[]>();
    this.#tenants.set(tenant, keys);
    keys.set(key, [...(keys.get(key) ?? []), ...jobs]);
  }

  remove(job: Job): boolean {
    const jobs = this.#tenants.get(tenantOf(job.key))?.get(job.key) ?? [];
    const index = jobs.indexOf(job);
    if (index < 0) return false;
    jobs.splice(index, 1);
    if (jobs.length === 0) this.takeAll(job.key);
    return true;
  }

  takeAll(key: string): readonly Job[] {
    const tenant = tenantOf(key);
    const keys = this.#tenants.get(tenant);
    const jobs = keys?.get(key) ?? [];
    keys?.delete(key);
    if (keys?.size === 0) this.#tenants.delete(tenant);
    return jobs;
  }

  /** The next one of a key that has nothing running; its key and tenant go to the end. */
  take(running: ReadonlyMap<string, unknown>): Job | undefined {
    for (const [tenant, keys] of this.#tenants) {
      for (const key of keys.keys()) {
        if (running.has(key)) continue;
        const [job, ...jobs] = this.takeAll(key);
        this.add(key, jobs);
        const left = this.#tenants.get(tenant);
        this.#tenants.delete(tenant);
        if (left !== undefined) this.#tenants.set(tenant, left);
        return job;
      }
    }
    return undefined;
  }

  clear(): Job[] {
    const jobs = [...this.#tenants.values()].flatMap((keys) => [...keys.values()].flat());
    this.#tenants.clear();
    return jobs;
  }
}

/** Keys are `<namespace>/<name>`. */
function tenantOf(key: string): string {
  const slash = key.indexOf("/");
  return slash < 0 ? key : key.slice(0, slash);
}
