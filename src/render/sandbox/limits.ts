/** Bounds of one run. Past one of them: Problem LimitExceeded, naming the bound. */
export interface SandboxLimits {
  /** Milliseconds of rendering; waiting for a thread and for files does not count. */
  deadlineMs: number;
  /** Pages of 64 KiB that a module may have as its memory; at most 32,768. */
  memoryPages: number;
  /** Bytes of all objects, as JSON. */
  outputBytes: number;
  objects: number;
  /** Nesting of one object. */
  depth: number;
  /** Values in one object. */
  values: number;
  /** Questions about files. */
  fileOperations: number;
  /** Bytes of all files that are read; a file that is read twice counts twice. */
  readBytes: number;
}

const MiB = 1024 * 1024;
export const pageBytes = 65_536;

export const defaultSandboxLimits: SandboxLimits = {
  deadlineMs: 90_000,
  memoryPages: (512 * MiB) / pageBytes,
  outputBytes: 64 * MiB,
  objects: 50_000,
  depth: 100,
  values: 1_000_000,
  fileOperations: 200_000,
  readBytes: 256 * MiB,
};
