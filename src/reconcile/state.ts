/** All that the process remembers of one application. Lost with the process, and rebuilt without a write. */
import type { Application, ApplicationStatus, Rollback } from "../model/application.ts";
import type { DesiredSet } from "../model/desired.ts";
import type { Health } from "../model/health.ts";
import type { Problem } from "../model/problem.ts";
import type { HeldPrune, ObjectReport } from "../model/report.ts";
import type { Commit } from "../model/snapshot.ts";
import { type Ownership, ownershipOf } from "../plan/ownership.ts";
import type { Target, Targets } from "../plan/targets.ts";
import type { RollbackEnd } from "../status/rollback.ts";
import { Fights } from "./fights.ts";
import type { Rendering } from "./rendering.ts";
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
  /** Of the spec that asked for it. */
  generation: number;
  commit: Commit;
  tool: DesiredSet["tool"];
  /** What the cluster served when it was rendered, see servedDigest. */
  served: string | undefined;
  /** Digest of what was rendered and of the spec that resolved it. */
  inputs: string;
  targets: ReadonlyMap<string, Target>;
  others: Targets["others"];
  /**
   * Set when it was rendered from what status names after a restart, because nothing newer could
   * be had: the objects that are known to be of it. All others may be of a later revision.
   */
  proven?: Set<string>;
}

/** Renders of one revision: one under way, and how the last failed. */
export interface RenderAttempt {
  /** What comes of it is compared with what is deployed before it counts. */
  readonly isGuess: boolean;
  /** Fetched and rendered aside, because a run did not want to wait for it. */
  rendering: Rendering | undefined;
  /** A render that failed for good is not repeated for the same revision and spec. */
  failedRender: FailedRender | undefined;
}

export interface FailedRender {
  revision: string;
  generation: number;
  served: string | undefined;
  problem: Problem;
  /** How often in a row it passed a limit. */
  times: number;
  /** Monotonic, milliseconds: from then on it may be tried again. Infinity: not at all. */
  until: number;
}

export class ApplicationState implements RenderAttempt {
  readonly key: string;
  readonly ownership: Ownership;
  application: Application;
  /** Set when the object of the API is not a valid Application. */
  invalid: Problem | undefined;
  source: SourceTracking | undefined;
  /** The Secret that was last read for it; when its value was written (milliseconds since 1970). */
  secret: { name: string; writtenAt: number | undefined } | undefined;
  desired: Desired | undefined;
  readonly isGuess = false;
  rendering: Rendering | undefined;
  work: Work = { whole: true, dirty: new Map(), suspects: new Set() };
  /** Our claims in the answers to our own applies. */
  readonly baselines = new Map<string, string>();
  /** The latest report of every object, wanted or being pruned. */
  readonly reports = new Map<string, ObjectReport>();
  readonly fights = new Fights();
  held: HeldPrune | undefined;
  /** Why nothing is pruned now, for the log and the status. */
  problem: Problem | undefined;
  /** When a run last came to a result that was told (monotonic, milliseconds); at first, when the application was taken up. */
  reconciledAt: number | undefined;
  /** What the last run began is over and told. */
  isSettled = false;
  /** A change of health waits to be written. */
  untold = false;
  /** When a failed run is tried again (monotonic, milliseconds). */
  retryAt: number | undefined;
  /** Failed runs in a row. */
  failures = 0;
  /**
   * Objects that the current revision was not applied to yet. Empty after a restart at the
   * revision that the status names: a restart undoes no drift that selfHeal leaves alone.
   */
  readonly fresh = new Set<string>();
  failedRender: FailedRender | undefined;
  /** Of the revision that status names, see {@link Desired.proven}. */
  readonly restoring: RenderAttempt = {
    isGuess: true,
    rendering: undefined,
    failedRender: undefined,
  };
  /** As the last run found it: the one that its status has, or will have. */
  rollback: Rollback | undefined;
  /** One that has ended since the last status. */
  rollbackEnd: RollbackEnd | undefined;
  /** The look at the source that a new request for a rollback waits for. */
  rollbackLook: { asked: string; isDone: boolean } | undefined;
  /** Terminal refusals: key -> hash of the desired object that was refused. */
  readonly terminal = new Map<string, string>();
  /** Deleted, or let go, since the last status was written. */
  gone: ObjectReport[] = [];
  handledRefresh: string | undefined;
  askedRefresh: string | undefined;
  /** Since when the source has been asked for the first time (monotonic, milliseconds). */
  pendingSince: number | undefined;
  /** The status as it was last written. */
  written: ApplicationStatus;
  stopped = false;

  constructor(application: Application) {
    this.key = `${application.namespace}/${application.name}`;
    this.application = application;
    this.ownership = ownershipOf(application);
    this.written = application.status;
    this.handledRefresh = application.status.lastHandledRefresh;
    this.rollback = application.status.rollback;
  }

  /** The desired state of this run; what changed by it is fresh. */
  takeDesired(desired: Desired): void {
    // What was restored from status stands for no run of this process.
    const before = this.desired?.proven === undefined ? this.desired : undefined;
    this.desired = desired;
    if (before?.inputs === desired.inputs) return;
    if (before === undefined && this.application.status.revision === desired.revision) return;
    // Rendered anew because the cluster changed: what became of it is not all of a new revision.
    const isSameAim =
      before?.revision === desired.revision && before.generation === desired.generation;
    if (!isSameAim) this.fresh.clear();
    for (const [key, { hash }] of desired.targets)
      if (!isSameAim || before.targets.get(key)?.hash !== hash) this.fresh.add(key);
  }

  /** Another replica may have worked on it meanwhile: only what the API says counts. */
  resume(): void {
    this.desired = undefined;
    this.reconciledAt = undefined;
    this.isSettled = false;
    this.reports.clear();
    this.fresh.clear();
    this.wholeRun();
  }

  /** Takes the pending work; what comes in meanwhile waits for the next run. */
  takeWork(now: number): Work {
    const work = this.work;
    if (this.retryAt !== undefined && this.retryAt <= now) work.whole = true;
    this.work = { whole: false, dirty: new Map(), suspects: new Set() };
    return work;
  }

  /** What a run could not do yet. */
  giveBack(work: Work): void {
    this.work.whole ||= work.whole;
    for (const [key, at] of work.dirty) this.dirty(key, at);
    for (const key of work.suspects) this.work.suspects.add(key);
  }

  wholeRun(): void {
    this.work.whole = true;
  }

  /** What was rendered, or could not be, may be another thing now. */
  renderAgain(): void {
    this.rendering = undefined;
    this.failedRender = undefined;
    this.restoring.rendering = undefined;
    this.restoring.failedRender = undefined;
    this.wholeRun();
  }

  dirty(key: string, at: number): void {
    if (!this.work.dirty.has(key)) this.work.dirty.set(key, at);
  }

  /** Is the object one that this application wants or still has to report? */
  concerns(key: string): boolean {
    return this.desired?.targets.has(key) === true || this.reports.has(key);
  }

  /** What the reports told was told: a later status must not tell it again. */
  settleReports(): void {
    for (const [key, report] of this.reports) {
      const { drift: _told, ...rest } = report;
      if (["created", "configured", "healed", "adopted"].includes(report.outcome))
        this.reports.set(key, { ...rest, outcome: "unchanged" });
    }
  }

  /** Takes over the health that a watch saw. @returns whether it differs from what was reported. */
  seenHealth(key: string, seen: Health): boolean {
    const report = this.reports.get(key);
    if (report === undefined) return false;
    const { state, message } = report.health ?? {};
    if (state === seen.state && message === seen.message) return false;
    this.reports.set(key, { ...report, health: seen });
    this.untold = true;
    return true;
  }
}
