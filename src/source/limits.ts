/** Bounds of what a source may make us hold. Past one of them: Problem LimitExceeded. */
export interface SourceLimits {
  /** Entries of one snapshot's tree. */
  entries: number;
  /** Bytes of one blob. */
  blobBytes: number;
  /** Bytes of all blobs of one read, that is, of one render. */
  readBytes: number;
  /** Bytes of one list of refs. */
  refsBytes: number;
  /** Bytes that one fetch may bring. */
  fetchBytes: number;
  /** Longest look at a remote's refs, in milliseconds. */
  lookMs: number;
  /** Longest fetch, in milliseconds. */
  fetchMs: number;
}

const MiB = 1024 * 1024;

export const defaultLimits: SourceLimits = {
  entries: 200_000,
  blobBytes: 32 * MiB,
  readBytes: 256 * MiB,
  refsBytes: 32 * MiB,
  fetchBytes: 1024 * MiB,
  lookMs: 30_000,
  fetchMs: 120_000,
};
