/** What follows from the reports of a run: drift, heals, fights, refusals not to be repeated. */
import type { Health } from "../model/health.ts";
import type { LiveObject } from "../model/live.ts";
import { refKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { ObjectReport, Outcome } from "../model/report.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState } from "./state.ts";

const done = new Set<Outcome>(["created", "configured", "healed", "adopted", "unchanged"]);

/** Takes the reports over, and what follows from them: drift, heals, hopeless objects. */
export function recordReports(
  state: ApplicationState,
  reports: readonly ObjectReport[],
  /** When the event of each object came (monotonic, milliseconds). */
  dirty: ReadonlyMap<string, number>,
  env: Environment,
): void {
  const now = env.monotonic();
  env.metrics.observeReport(state.application, {
    revision: state.desired?.revision ?? "",
    objects: reports,
  });
  for (const made of reports) {
    const key = refKey(made.ref);
    const target = state.desired?.targets.get(key);
    const live = env.live.get(made.ref);
    const report = withLatestHealth(made, live?.health ?? env.followedHealth(key));
    const before = state.reports.get(key);
    state.reports.set(key, report);
    if (done.has(report.outcome)) state.fresh.delete(key);
    if (report.problem?.retry === "terminal" && target !== undefined)
      state.terminal.set(key, target.hash);
    else state.terminal.delete(key);
    if (report.drift !== undefined) {
      const healed = report.outcome === "healed";
      if (healed) {
        state.fights.healed(key, now);
        env.metrics.healed((now - (dirty.get(key) ?? now)) / 1000);
      }
      // Drift that stays is told once.
      if (!sameDrift(before, report))
        env.log.info(
          {
            app: state.key,
            object: key,
            fields: report.drift.fields,
            manager: report.drift.manager,
            healed,
          },
          healed ? "drift healed" : "drift found",
        );
    } else if (report.outcome !== "unchanged")
      env.log[report.problem === undefined ? "info" : "warn"](
        {
          app: state.key,
          object: key,
          outcome: report.outcome,
          problem: report.problem?.message,
        },
        `object ${report.outcome}`,
      );
    if (report.outcome === "drifted" && report.drift !== undefined && isDamped(state, key)) {
      // It may have ended since the plan was made: then the next heal is due now.
      const pause = state.fights.pause(key, now);
      const problem = new Problem(
        "FieldFight",
        `healed ${state.fights.heals(key)} times, and ${report.drift.manager} changes it back each time; next heal in ${Math.ceil(pause / 1000)} s`,
        { object: report.ref },
      );
      state.reports.set(key, { ...report, problem });
      env.laterDirty(state, key, pause);
    }
    // Of what differs, managedFields still tell what and by whom.
    if (live !== undefined && isSettled(state, key, live) && !needsEvidence(state))
      env.live.settle(live);
  }
}

/** Drift that would have been healed, had it not been healed so often before. */
function isDamped(state: ApplicationState, key: string): boolean {
  const { mode, selfHeal } = state.application.spec;
  return mode === "enforce" && selfHeal && state.fights.heals(key) > 0;
}

function sameDrift(before: ObjectReport | undefined, now: ObjectReport): boolean {
  return (
    now.outcome === "drifted" &&
    before?.outcome === "drifted" &&
    before.drift?.fields.join() === now.drift?.fields.join()
  );
}

/** A watch event that came between the answer to our apply and now had no report to go to. */
function withLatestHealth(report: ObjectReport, seen: Health | undefined): ObjectReport {
  return report.health === undefined || seen === undefined ? report : { ...report, health: seen };
}

function isSettled(state: ApplicationState, key: string, live: LiveObject): boolean {
  return live.claim === state.baselines.get(key) && live.additions.length === 0;
}

/** Rules on other managers' fields are evaluated against managedFields: they are kept. */
export function needsEvidence(state: ApplicationState): boolean {
  return state.application.spec.ignoreDifferences.some(
    (rule) => rule.managedFieldsManagers !== undefined,
  );
}
