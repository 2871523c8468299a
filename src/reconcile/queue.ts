/**
 * The work queue: at most one run for each key, the urgent ones first, none starved.
 * Like client-go's workqueue, with priorities instead of one line.
 */
export const priorities = { heal: 0, prompt: 1, normal: 2, background: 3 } as const;
export type Priority = (typeof priorities)[keyof typeof priorities];

export interface QueueOptions {
  /** Keys worked on at once. */
  concurrency: number;
  /** Never rejects: a failure is the worker's to record. */
  work(key: string): Promise<void>;
}

export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #lines: [Set<string>, Set<string>, Set<string>, Set<string>] = [
    new Set(),
    new Set(),
    new Set(),
    new Set(),
  ];
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #running = new Set<string>();
  /** Asked for while running: goes back into its line afterwards. */
  readonly #again = new Map<string, Priority>();
  readonly #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Waiting keys, delayed ones aside. */
  get depth(): number {
    return this.#lines.reduce((sum, line) => sum + line.size, 0) + this.#again.size;
  }

  /** Does it wait for a worker, or have one? A delayed run does not count. */
  isDue(key: string): boolean {
    return this.#running.has(key) || this.#lines.some((line) => line.has(key));
  }

  /** Asks for a run. A key that waits already moves up if this is more urgent. */
  add(key: string, priority: Priority): void {
    if (this.#closed) return;
    if (this.#running.has(key)) {
      this.#again.set(key, Math.min(priority, this.#again.get(key) ?? priority) as Priority);
      return;
    }
    for (const [other, line] of this.#lines.entries()) {
      if (!line.has(key)) continue;
      if (other <= priority) return;
      line.delete(key);
    }
    this.#lines[priority].add(key);
    // On the next turn, so that events which arrive together make one run.
    setImmediate(() => this.#next());
  }

  /** Asks for a run later; the earliest of several such requests counts. */
  addAfter(key: string, delayMs: number, priority: Priority): void {
    if (this.#closed) return;
    const at = Date.now() + delayMs;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    if (known !== undefined) clearTimeout(known.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key, priority);
    }, delayMs);
    timer.unref();
    this.#timers.set(key, { at, timer });
  }

  /** Forgets a key's waiting and delayed runs; a running one ends by itself. */
  remove(key: string): void {
    for (const line of this.#lines) line.delete(key);
    this.#again.delete(key);
    const known = this.#timers.get(key);
    if (known !== undefined) clearTimeout(known.timer);
    this.#timers.delete(key);
  }

  /** Starts nothing more and resolves when the last run has ended. */
  async drain(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    for (const line of this.#lines) line.clear();
    this.#again.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    while (this.#running.size < this.#options.concurrency) {
      const line = this.#lines.find((candidate) => candidate.size > 0);
      const [key] = line ?? [];
      if (line === undefined || key === undefined) return;
      line.delete(key);
      this.#running.add(key);
      void this.#options.work(key).finally(() => this.#finished(key));
    }
  }

  #finished(key: string): void {
    this.#running.delete(key);
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined) this.add(key, again);
    if (this.#running.size === 0) for (const done of this.#idle.splice(0)) done();
    this.#next();
  }
}
