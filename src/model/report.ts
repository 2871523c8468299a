import type { Health } from "./health.ts";
import type { ObjectRef } from "./object.ts";
import type { Problem } from "./problem.ts";

/** What became of one object in one run. */
export type Outcome =
  | "created"
  | "configured"
  | "healed"
  | "adopted"
  | "unchanged"
  | "drifted"
  | "pruned"
  | "pruning"
  | "held"
  | "orphaned"
  | "deferred"
  | "skipped"
  | "refused"
  | "failed"
  | "not-attempted";

export interface ObjectReport {
  ref: ObjectRef;
  outcome: Outcome;
  problem?: Problem;
  /** Why it was skipped, or is not gone yet. */
  note?: string;
  health?: Health;
  /** What had drifted, where that is why it was written or reported. */
  drift?: DriftReport;
}

export interface DriftReport {
  /** Paths as people write them: `spec.replicas`, `metadata.labels.app`. At most 20. */
  fields: readonly string[];
  /** The field manager that did it, as far as managedFields tell. */
  manager: string;
  /** RFC 3339, as managedFields tell; absent for a deletion. */
  since?: string;
}

/** A prune that waits for approval. */
export interface HeldPrune {
  /** What `mooring.dev/approve-prune` must carry. */
  hash: string;
  /** Which guard held it, in words. */
  reason: string;
  objects: readonly ObjectRef[];
}

export interface Report {
  revision: string;
  objects: readonly ObjectReport[];
  held?: HeldPrune;
}
