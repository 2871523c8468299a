/** How long a run has really run, told across threads: it goes on counting while its thread loops. */
const cells = { started: 0, waited: 1, waitingSince: 2 } as const;

/** Nanoseconds of process.hrtime, which all threads share; 0 is "not". */
export type ClockCells = BigInt64Array<SharedArrayBuffer>;

export function clockCells(): ClockCells {
  return new BigInt64Array(new SharedArrayBuffer(8 * Object.keys(cells).length));
}

/** The run begins here. In its thread. */
export function startClock(clock: ClockCells, now: bigint): void {
  Atomics.store(clock, cells.waited, 0n);
  Atomics.store(clock, cells.waitingSince, 0n);
  Atomics.store(clock, cells.started, now);
}

/** Stands from here on, for somebody else has to do something. In the run's thread. */
export function pauseClock(clock: ClockCells, now: bigint): void {
  Atomics.store(clock, cells.waitingSince, now);
}

export function resumeClock(clock: ClockCells, now: bigint): void {
  const since = Atomics.exchange(clock, cells.waitingSince, 0n);
  Atomics.add(clock, cells.waited, now - since);
}

/** Milliseconds since the run began; 0 before. In any thread. */
export function elapsedMs(clock: ClockCells, now: bigint): number {
  const started = Atomics.load(clock, cells.started);
  return started === 0n ? 0 : Number(now - started) / 1e6;
}

/** Of which it took of its own. */
export function spentMs(clock: ClockCells, now: bigint): number {
  const started = Atomics.load(clock, cells.started);
  if (started === 0n) return 0;
  const since = Atomics.load(clock, cells.waitingSince);
  const waiting = since === 0n ? 0n : now - since;
  return Number(now - started - Atomics.load(clock, cells.waited) - waiting) / 1e6;
}
