/** Bounds of what a render may take. Past one of them: Problem LimitExceeded, naming the file. */
export interface RenderLimits {
  /** Bytes of one file. */
  fileBytes: number;
  /** Files of one application. */
  files: number;
  /** Nesting of collections. */
  depth: number;
  /** Values of one document after aliases and merges are expanded. */
  values: number;
  /** Bytes of one document as JSON, after expansion. */
  documentBytes: number;
  /** Documents of one file. */
  documents: number;
  /** Bytes of the files that a kustomization or a chart reads, together. */
  readBytes: number;
  /** Objects of one application. */
  objects: number;
}

const MiB = 1024 * 1024;

export const defaultLimits: RenderLimits = {
  fileBytes: 16 * MiB,
  files: 20_000,
  depth: 100,
  values: 1_000_000,
  documentBytes: 16 * MiB,
  documents: 10_000,
  readBytes: 128 * MiB,
  objects: 50_000,
};
