/** What an outcome means for the whole: closed, so that a new outcome must be placed here. */
import type { Outcome, Report } from "../model/report.ts";

/**
 * - `synced`: the object is as the revision says
 * - `differs`: it is not, and this run was not to change that (observe, warn, no selfHeal)
 * - `failed`: it is not, though it should be by now
 * - `held`: it should go, and waits for an approval
 * - `leaving`: it is being deleted and not gone yet
 * - `gone`: no longer the application's
 * - `skipped`: left out on purpose: nothing is wrong with it, and nothing done
 */
export type Standing = "synced" | "differs" | "failed" | "held" | "leaving" | "gone" | "skipped";

export function standingOf(outcome: Outcome): Standing {
  switch (outcome) {
    case "created":
    case "configured":
    case "healed":
    case "adopted":
    case "unchanged":
      return "synced";
    case "drifted":
      return "differs";
    case "deferred":
    case "refused":
    case "failed":
    case "not-attempted":
      return "failed";
    case "held":
      return "held";
    case "pruning":
      return "leaving";
    case "pruned":
    case "orphaned":
      return "gone";
    case "skipped":
      return "skipped";
  }
}

/**
 * A report as it stands after its acts were told: what was written is `unchanged`, what is gone
 * is left out. For passes that only read health again, so that nothing is counted or told twice.
 */
export function settled(report: Report): Report {
  return {
    ...report,
    objects: report.objects
      .filter((object) => standingOf(object.outcome) !== "gone")
      .map((object) => {
        if (standingOf(object.outcome) !== "synced") return object;
        const { drift: _told, ...rest } = object;
        return { ...rest, outcome: "unchanged" as const };
      }),
  };
}
