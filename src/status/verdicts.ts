/** How each condition is decided. One function a condition; none looks at another's text. */
import type { Application } from "../model/application.ts";
import { catalogue, type Problem, type ProblemCode } from "../model/problem.ts";
import type { Report } from "../model/report.ts";
import type { Assessment, Counts, Trouble } from "./assessment.ts";
import { countText, troubleText } from "./assessment.ts";
import { boundText, enumerate, plural } from "./bound.ts";
import { problemText } from "./redaction.ts";
import type { Case, Decision, Verdict } from "./situation.ts";

const shownObjects = 3;
const maxObjectText = 600;

const yes = (reason: string, message: string): Verdict => ({ status: "True", reason, message });
const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
const unknown = (reason: string, message: string): Verdict => ({
  status: "Unknown",
  reason,
  message,
});

const suspendedText =
  "spec.suspend is true: Mooring neither looks nor writes until it is false again.";
const deletingText = "The Application is being deleted.";

/** Does the cluster have what the revision says? True only when every object does. */
export function synced({ input, situation, previous }: Case): Decision {
  switch (situation.kind) {
    case "deleting":
      return unknown("Deleting", deletingText);
    case "suspended":
      return unknown("Suspended", suspendedText);
    case "stopped": {
      // A revision that is known and was not applied is a difference; without one nothing is known.
      const { problem } = situation;
      const behind = input.revision !== undefined && input.revision !== previous.revision;
      return (behind ? no : unknown)(problem.code, problemText(problem));
    }
    case "underway":
      if (situation.retold) return "keep";
      return unknown("Progressing", underwayText(input.revision, previous.revision));
    case "reported":
      return syncedByReport(situation.report, situation.assessment, input, situation.problem);
  }
}

function syncedByReport(
  report: Report,
  { counts, troubles }: Assessment,
  { application }: Case["input"],
  problem: Case["input"]["problem"],
): Verdict {
  const of = (...standings: Trouble["standing"][]) =>
    troubles.filter((trouble) => standings.includes(trouble.standing));
  const failed = of("failed");
  const differing = of("differs");
  if (problem !== undefined) {
    const verdict = failed.length > 0 || differing.length > 0 ? no : unknown;
    return verdict(problem.code, [problemText(problem), named(failed)].filter(Boolean).join(" "));
  }
  if (failed.length > 0)
    return no(
      codeOf(failed) ?? "NotAttempted",
      `${failed.length} of ${countText(counts)} not at revision ${report.revision}: ${named(failed)}`,
    );
  if (report.held !== undefined) return no("PruneHeld", heldText(report.held));
  const held = of("held");
  if (application.spec.mode !== "enforce" && differing.length + held.length > 0)
    return no(
      "OutOfSync",
      `Mode ${application.spec.mode} writes nothing; from revision ${report.revision} differ: ${named([...differing, ...held])}`,
    );
  if (differing.length > 0)
    return no(
      codeOf(differing) ?? "Drifted",
      advised(
        `Drifted from revision ${report.revision}: ${named(differing)}`,
        driftAdvice(application),
      ),
    );
  if (held.length > 0) return no("OutOfSync", `No longer in the source, and kept: ${named(held)}`);
  const leaving = of("leaving");
  if (leaving.length > 0) return no("Pruning", `Not gone yet: ${named(leaving)}`);
  const skipped = of("skipped");
  const besides = skipped.length === 0 ? "" : ` Besides, not applied: ${named(skipped)}`;
  return yes("Synced", `${countText(counts)} at revision ${report.revision}.${besides}`);
}

/** Health of what is in the cluster, whichever revision put it there. */
export function healthy({ situation, assessment, previous }: Case): Decision {
  if (situation.kind === "deleting") return unknown("Deleting", deletingText);
  if (situation.kind === "suspended") return unknown("Suspended", suspendedText);
  if (assessment === undefined)
    return previous.objects === undefined
      ? unknown("Pending", "No object was looked at yet.")
      : sinceRestart(situation);
  const { health, counts, troubles } = assessment;
  const unwell = troubles.filter(
    ({ report, standing }) => standing !== "skipped" && report.health?.state !== "Healthy",
  );
  const worstFirst = unwell.filter(({ report }) => (report.health?.state ?? "Unknown") === health);
  const others = unwell.filter(
    ({ report }) => report.health !== undefined && report.health.state !== health,
  );
  switch (health) {
    case "Healthy":
      return yes(
        "Healthy",
        `${counts.healthy} of ${countText(counts)} healthy${unapplied(counts)}.`,
      );
    case "Unknown":
      return unknown(
        "HealthUnknown",
        `Health is not known: ${healthNames([...worstFirst, ...others])}`,
      );
    case "Suspended":
    case "Progressing":
    case "Missing":
    case "Degraded":
      return no(health, advised(healthNames([...worstFirst, ...others]), podsAdvice(worstFirst)));
  }
}

/** Has somebody else changed what we own, or (observe, warn) does it differ at all? */
export function drifted({ input, situation, assessment, previous }: Case): Decision {
  if (situation.kind === "deleting") return unknown("Deleting", deletingText);
  if (situation.kind === "suspended") return unknown("Suspended", suspendedText);
  if (assessment === undefined)
    return previous.objects === undefined
      ? unknown("Pending", "Nothing was compared yet.")
      : sinceRestart(situation);
  const differing = assessment.troubles.filter(({ standing }) => standing === "differs");
  if (differing.length === 0) return no("NoDrift", "No difference is known.");
  return yes(
    "Drifted",
    advised(
      `${countText(assessment.counts)}, ${differing.length} drifted: ${named(differing)}`,
      driftAdvice(input.application),
    ),
  );
}

/** Of objects that this replica has not looked at: what an earlier one saw is no knowledge now. */
function sinceRestart(situation: Case["situation"]): Decision {
  if (situation.kind !== "stopped") return "keep";
  const { problem } = situation;
  return unknown(
    problem.code,
    `Not known since the controller started, as what is deployed cannot be read. ${problemText(problem)}`,
  );
}

/**
 * Applied and healthy, at this generation and this revision (invariant 10). An earlier success
 * never answers for a newer aim.
 */
export function ready(theCase: Case, syncedNow: Decision, healthyNow: Decision): Decision {
  const { situation, input, previous } = theCase;
  switch (situation.kind) {
    case "deleting":
      return situation.problem === undefined
        ? unknown("Deleting", deletingText)
        : no(situation.problem.code, problemText(situation.problem));
    case "suspended":
      return unknown("Suspended", suspendedText);
    case "stopped":
      return no(situation.problem.code, problemText(situation.problem));
    case "underway":
      if (situation.retold) return "keep";
      return unknown("Progressing", underwayText(input.revision, previous.revision));
    case "reported": {
      if (situation.problem !== undefined)
        return no(situation.problem.code, problemText(situation.problem));
      if (syncedNow === "keep" || healthyNow === "keep")
        return unknown("Progressing", "The run has no result yet.");
      if (syncedNow.status !== "True")
        return syncedNow.reason === "Pruning"
          ? unknown(syncedNow.reason, syncedNow.message)
          : no(syncedNow.reason, syncedNow.message);
      if (healthyNow.status !== "True") {
        const undecided = healthyNow.status === "Unknown" || healthyNow.reason === "Progressing";
        return (undecided ? unknown : no)(healthyNow.reason, healthyNow.message);
      }
      return yes("Ready", `Applied and healthy at revision ${situation.report.revision}.`);
    }
  }
}

/** kstatus: it does not go on until somebody does something. */
export function stalled({ input, situation }: Case): Decision {
  const waits = (problem: Problem | undefined) =>
    problem !== undefined && (problem.retry !== "transient" || input.givenUp === true);
  switch (situation.kind) {
    case "suspended":
      return no("Suspended", suspendedText);
    case "underway":
      return situation.retold ? "keep" : no("Progressing", "A run is under way.");
    case "deleting":
    case "stopped": {
      const { problem } = situation;
      if (problem === undefined || !waits(problem)) return no("NotStalled", "");
      return yes(problem.code, problemText(problem));
    }
    case "reported": {
      const { problem, report, assessment } = situation;
      if (problem !== undefined && waits(problem)) return yes(problem.code, problemText(problem));
      // An object that is kept because the spec says so is no stall; the guard's hold is, below.
      const stuck = assessment.troubles.filter(
        ({ standing, report: object }) => standing !== "held" && waits(object.problem),
      );
      if (stuck.length > 0)
        return yes(codeOf(stuck) ?? "Failed", `${plural(stuck.length, "object")}: ${named(stuck)}`);
      if (report.held !== undefined) return yes("PruneHeld", heldText(report.held));
      return no("NotStalled", "");
    }
  }
}

/**
 * kstatus: it goes on by itself. Never True together with Stalled: what needs a person is not
 * hidden behind work that goes on beside it.
 */
export function reconciling(theCase: Case, isStalled: boolean): Decision {
  const { input, situation } = theCase;
  if (situation.kind === "suspended") return no("Suspended", suspendedText);
  if (isStalled) return no("Stalled", "It waits for what Stalled says.");
  if (input.reconciling !== undefined)
    return yes(input.reconciling.reason, input.reconciling.message);
  switch (situation.kind) {
    case "deleting":
      return situation.problem === undefined
        ? yes("Deleting", deletingText)
        : yes(situation.problem.code, `Tried again. ${problemText(situation.problem)}`);
    case "stopped":
      return yes(situation.problem.code, `Tried again. ${problemText(situation.problem)}`);
    case "underway":
      return yes("Progressing", underwayText(input.revision, theCase.previous.revision));
    case "reported": {
      const { problem, assessment } = situation;
      if (problem !== undefined) return yes(problem.code, `Tried again. ${problemText(problem)}`);
      const failed = assessment.troubles.filter(({ standing }) => standing === "failed");
      if (failed.length > 0)
        return yes(codeOf(failed) ?? "NotAttempted", `Tried again: ${named(failed)}`);
      const leaving = assessment.troubles.filter(({ standing }) => standing === "leaving");
      if (leaving.length > 0) return yes("Pruning", named(leaving));
      const rolling = assessment.troubles.filter(({ state }) => state === "Progressing");
      if (rolling.length > 0) return yes("Progressing", named(rolling));
      return no("Reconciled", "");
    }
  }
}

/** The code of the first object that has a problem: they are ordered worst first. */
function codeOf(troubles: readonly Trouble[]): ProblemCode | undefined {
  const code = troubles.find(({ report }) => report.problem !== undefined)?.report.problem?.code;
  return code !== undefined && code in catalogue ? code : undefined;
}

function named(troubles: readonly Trouble[], say = troubleText): string {
  const first = troubles.slice(0, shownObjects);
  const texts = first.map((trouble) => boundText(say(trouble), maxObjectText));
  return enumerate(texts, shownObjects, troubles.length);
}

/** Like {@link named}, with what health says also of objects that were not applied. */
function healthNames(troubles: readonly Trouble[]): string {
  return named(troubles, (trouble) => {
    const { health } = trouble.report;
    if (trouble.standing === "synced" || health === undefined) return troubleText(trouble);
    return `${trouble.key}: ${health.message ?? health.state}`;
  });
}

/** What is so, as a sentence, and what to do about it where there is something. */
function advised(what: string, advice: string): string {
  if (advice === "") return what;
  return `${what}${what.endsWith(".") ? "" : "."} ${advice}`;
}

/** Who is to undo a drift that Mooring leaves alone. */
function driftAdvice({ spec }: Application): string {
  if (spec.mode !== "enforce" || spec.selfHeal) return "";
  return "Not undone now, as spec.selfHeal is false: set it to true, undo it by hand, or change Git.";
}

/** That the others are not counted as unwell is no mistake: they were never applied. */
function unapplied({ failed, healthy, total }: Counts): string {
  return failed > 0 && healthy < total
    ? "; of the others Synced tells why they are not applied"
    : "";
}

const podOwners = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"]);

/** The Pods of a workload are not read: why one does not start is for somebody to look up there. */
function podsAdvice(troubles: readonly Trouble[]): string {
  const owner = troubles.find(
    ({ report: { ref, health } }) => podOwners.has(ref.kind) && health?.state !== "Missing",
  );
  if (owner === undefined) return "";
  const { namespace } = owner.report.ref;
  return `If it stays so, see kubectl get pods${namespace === undefined ? "" : ` -n ${namespace}`}.`;
}

function heldText(held: NonNullable<Report["held"]>): string {
  return (
    `${plural(held.objects.length, "object")} would be deleted, held by the prune guard: ${held.reason}. ` +
    `Look at status.heldPrune; put them back into the source, or to delete exactly these set the annotation mooring.dev/approve-prune: "${held.hash}".`
  );
}

function underwayText(revision: string | undefined, former: string | undefined): string {
  const aim =
    revision === undefined ? "The source is being read" : `Revision ${revision} is under way`;
  return former === undefined ? `${aim}.` : `${aim}; the last complete one was ${former}.`;
}
