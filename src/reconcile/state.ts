/** All that the process remembers of one application. Lost with the process, and rebuilt without a write. */
import type { Application, ApplicationStatus } from "../model/application.ts";
import type { LiveObject } from "../model/live.ts";
import type { ObjectRef } from "../model/object.ts";
import type { Problem } from "../model/problem.ts";
import type { DriftReport, HeldPrune, ObjectReport } from "../model/report.ts";
import type { Commit } from "../model/snapshot.ts";
import { type Ownership, ownershipOf } from "../plan/ownership.ts";
import type { Target, Targets } from "../plan/targets.ts";
import { Fights } from "./fights.ts";
import type { SourceTracking } from "./source.ts";

/** What the next run has to do. */
export interface Work {
  /** Look at the source and at every object. */
  whole: boolean;
  /** Objects that changed in the cluster: key -> when the event came (monotonic, milliseconds). */
  dirty: Map<string, number>;
  /** Objects whose turn in the background sweep has come. */
  suspects: Set<string>;
}

/** The desired state of one revision, resolved against the cluster. */
export interface Desired {
  revision: string;
  commit: Commit;
  /** Digest of what was rendered and of the spec that resolved it. */
  inputs: string;
  targets: ReadonlyMap<string, Target>;
  others: Targets["others"];
}

export interface LastDrift extends DriftReport {
  ref: ObjectRef;
  healed: boolean;
  time: string;
}

export class ApplicationState {
  readonly key: string;
  readonly ownership: Ownership;
  application: Application;
  /** Set when the object of the API is not a valid Application. */
  invalid: Problem | undefined;
  source: SourceTracking | undefined;
  desired: Desired | undefined;
  work: Work = { whole: true, dirty: new Map(), suspects: new Set() };
  /** Our claims in the answers to our own applies. */
  readonly baselines = new Map<string, string>();
  /** The latest report of every object, wanted or being pruned. */
  readonly reports = new Map<string, ObjectReport>();
  readonly fights = new Fights();
  held: HeldPrune | undefined;
  /** Why nothing is pruned now, for the log and the status. */
  problem: Problem | undefined;
  lastDrift: LastDrift | undefined;
  /** Failed runs in a row. */
  failures = 0;
  /** revision and generation of the last run in which everything was applied. */
  applied: { revision: string; generation: number; inputs?: string } | undefined;
  /** Terminal refusals: key -> hash of the desired object that was refused. */
  readonly terminal = new Map<string, string>();
  /** Deleted since the last status was written. */
  pruned: ObjectRef[] = [];
  handledRefresh: string | undefined;
  /** The status as it was last written. */
  written: ApplicationStatus;
  stopped = false;

  constructor(application: Application) {
    this.key = `${application.namespace}/${application.name}`;
    this.application = application;
    this.ownership = ownershipOf(application);
    this.written = application.status;
    this.handledRefresh = application.status.lastHandledRefresh;
    const { revision, observedGeneration } = application.status;
    if (revision !== undefined && observedGeneration !== undefined)
      this.applied = { revision, generation: observedGeneration };
  }

  /** Takes the pending work; what comes in meanwhile waits for the next run. */
  takeWork(): Work {
    const work = this.work;
    this.work = { whole: false, dirty: new Map(), suspects: new Set() };
    return work;
  }

  wholeRun(): void {
    this.work.whole = true;
  }

  dirty(key: string, at: number): void {
    if (!this.work.dirty.has(key)) this.work.dirty.set(key, at);
  }

  /** Is the object one that this application wants or still has to report? */
  concerns(key: string): boolean {
    return this.desired?.targets.has(key) === true || this.reports.has(key);
  }

  /** Remembers the latest drift, for the status. */
  drifted(report: ObjectReport, at: Date): void {
    const { drift, ref } = report;
    if (drift === undefined) return;
    const healed = report.outcome === "healed";
    const since = drift.since ?? at.toISOString();
    const last = this.lastDrift ?? this.application.status.lastDrift;
    // Seen again, not new: the status must not move.
    if (last !== undefined && sameDrift(last, ref, drift) && !healed && !last.healed) return;
    this.lastDrift = { ...drift, ref, healed, time: since };
  }

  /** Takes over the health that a watch saw. @returns whether it differs from what was reported. */
  seenHealth(key: string, live: LiveObject): boolean {
    const report = this.reports.get(key);
    if (report === undefined) return false;
    const { state, message } = report.health ?? {};
    if (state === live.health.state && message === live.health.message) return false;
    this.reports.set(key, { ...report, health: live.health });
    return true;
  }
}

function sameDrift(
  last: Partial<LastDrift> & {
    fields: readonly string[];
    manager: string;
    name?: string;
    kind?: string;
  },
  ref: ObjectRef,
  drift: DriftReport,
): boolean {
  const name = last.ref?.name ?? last.name;
  const kind = last.ref?.kind ?? last.kind;
  return (
    name === ref.name &&
    kind === ref.kind &&
    last.manager === drift.manager &&
    last.fields.join() === drift.fields.join()
  );
}
