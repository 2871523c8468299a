/** Order statistics of small samples. */

/**
 * The nearest-rank percentile: a value that was measured, never one in between.
 *
 * @param share in (0, 1]
 * @throws RangeError for an empty sample
 */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("an empty sample has no percentiles");
  return value;
}

export function median(sample: readonly number[]): number {
  return percentile(sample, 0.5);
}
