/** What one render did, for metrics. */
export interface RenderCost {
  /** The application, as its source names it. */
  key: string;
  /** Absent when it was not even known by which tool. */
  tool: "kustomize" | "helm" | "directory" | undefined;
  /**
   * `rendered`: manifests were parsed, or a renderer ran. `cached`: nothing had to be read, the
   * objects were made again from what was kept. `unchanged`: not even that.
   */
  work: "rendered" | "cached" | "unchanged";
  /** Files of the directory; of kustomizations and charts, those that were read. */
  files: number;
  /** Files of plain manifests that were parsed; the others came from the cache. */
  parsed: number;
  /** `ok`, or the code of the Problem. */
  result: string;
  /** All of it, `waited` included. */
  seconds: number;
  /** Waiting for another render of the same inputs. */
  waited: number;
}
