/**
 * plan(): desired x live x ownership -> what to do. Pure: no I/O, no clock. `apply` decides nothing.
 */
import type { Mode } from "../model/application.ts";
import type { LiveObject } from "../model/live.ts";
import { groupKindKey } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { DriftReport } from "../model/report.ts";
import { judge } from "./drift.ts";
import { type ApplicationOf, type Ownership, standing } from "./ownership.ts";
import type { Target } from "./targets.ts";

export type Action =
  /** Nothing is known to be there: create-only, a 409 leads to a judgement of what is. */
  | { do: "create"; target: Target; heal: boolean }
  /** Guarded by uid and resourceVersion of `live`. */
  | {
      do: "apply";
      target: Target;
      live: LiveObject;
      why: "revision" | "drift" | "adoption";
      adopt: boolean;
      drift?: DriftReport;
    }
  /**
   * A dry-run decides whether there is a difference; `heal` says what follows if there is,
   * `settles` whether the present claim will do from now on if there is none.
   */
  | {
      do: "verify";
      target: Target;
      live: LiveObject | undefined;
      drift?: DriftReport;
      heal: boolean;
      settles: boolean;
    }
  /** Drift that is reported and left alone. */
  | { do: "report"; target: Target; live: LiveObject | undefined; drift: DriftReport }
  | { do: "keep"; target: Target; live: LiveObject; baseline: string | undefined }
  /** Being deleted: neither healed nor counted as gone. */
  | { do: "wait"; target: Target; live: LiveObject }
  | { do: "refuse"; target: Target; problem: Problem };

export interface PlanInput {
  targets: readonly Target[];
  live(target: Target): LiveObject | undefined;
  baseline(target: Target): string | undefined;
  ownership: Ownership;
  applicationOf: ApplicationOf;
  mode: Mode;
  selfHeal: boolean;
  /** The object was not yet applied at this revision: drift is undone with it, whatever selfHeal says. */
  isFresh(target: Target): boolean;
  /** The background sweep doubts it: a dry-run decides, whatever managedFields say. */
  suspect(target: Target): boolean;
  /** Objects that somebody keeps fighting over: reported, healed later. */
  damped(target: Target): boolean;
}

export interface Plan {
  /** Carried out one after the other; within a stage, in parallel. */
  stages: readonly { name: "definitions" | "objects"; actions: readonly Action[] }[];
}

/** Kinds that others need before they can exist. */
const definitions = new Set(["Namespace", "CustomResourceDefinition.apiextensions.k8s.io"]);

export function plan(input: PlanInput): Plan {
  const first: Action[] = [];
  const rest: Action[] = [];
  for (const target of input.targets)
    (definitions.has(groupKindKey(target.ref)) ? first : rest).push(actionFor(target, input));
  return {
    stages: [
      { name: "definitions", actions: first },
      { name: "objects", actions: rest },
    ],
  };
}

function actionFor(target: Target, input: PlanInput): Action {
  const live = input.live(target);
  if (input.mode !== "enforce") return { do: "verify", target, live, heal: false, settles: false };
  if (live === undefined)
    return mayHeal(target, input)
      ? { do: "create", target, heal: !input.isFresh(target) }
      : { do: "report", target, live, drift: { fields: [], manager: "unknown" } };
  if (live.deleting) return { do: "wait", target, live };
  const whose = standing(live, input.ownership, target.adopt, input.applicationOf);
  if (whose.state === "other") {
    const problem = new Problem("OwnedByOther", `belongs to ${whose.owner}`, {
      object: target.ref,
      origin: target.origin,
    });
    return { do: "refuse", target, problem };
  }
  if (whose.state === "free") return strayed(target, live, input);

  const verdict = judge(target, live, input.ownership.fieldManager, input.baseline(target));
  switch (verdict.state) {
    case "in-sync":
      if (input.suspect(target))
        return { do: "verify", target, live, heal: mayHeal(target, input), settles: true };
      return { do: "keep", target, live, baseline: verdict.baseline };
    case "outdated":
      return { do: "apply", target, live, why: "revision", adopt: live.additions.length > 0 };
    case "unclear":
      return {
        do: "verify",
        target,
        live,
        drift: verdict.drift,
        heal: mayHeal(target, input),
        settles: true,
      };
    case "drifted": {
      const { drift, additions } = verdict;
      if (mayHeal(target, input))
        return { do: "apply", target, live, why: "drift", adopt: additions, drift };
      // A field that another took may have its old value again; what was added shows in no dry-run.
      return additions
        ? { do: "report", target, live, drift }
        : { do: "verify", target, live, drift, heal: false, settles: false };
    }
  }
}

/** An object of ours that lost our label is drift; one that was never ours is adopted. */
function strayed(target: Target, live: LiveObject, input: PlanInput): Action {
  if (live.claim === undefined && live.appliedHash === undefined)
    return { do: "apply", target, live, why: "adoption", adopt: true };
  const drift: DriftReport = {
    fields: ["metadata.labels[applyset.kubernetes.io/part-of]"],
    manager: live.additions[0] ?? "unknown",
  };
  return mayHeal(target, input)
    ? { do: "apply", target, live, why: "drift", adopt: true, drift }
    : { do: "report", target, live, drift };
}

function mayHeal(target: Target, input: PlanInput): boolean {
  return input.isFresh(target) || (input.selfHeal && !input.damped(target));
}
