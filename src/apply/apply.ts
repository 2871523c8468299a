/** Carries out a plan's stages; decides nothing that the plan did not decide. */
import { apiProblem } from "../cluster/api-problem.ts";
import { Problem } from "../model/problem.ts";
import type { ObjectReport } from "../model/report.ts";
import type { Action } from "../plan/plan.ts";
import type { Target } from "../plan/targets.ts";
import { compare } from "./compare.ts";
import { type ApplyContext, failed, inParallel } from "./context.ts";
import { apply, create } from "./write.ts";

/** One stage, its objects in parallel. A failed object is a report, never an exception. */
export function applyStage(
  actions: readonly Action[],
  context: ApplyContext,
): Promise<ObjectReport[]> {
  return inParallel(
    actions,
    context,
    (action) =>
      carryOut(action, context).catch((error: unknown) => failed(action.target, error, context)),
    (action) => ({
      ref: action.target.ref,
      outcome: "not-attempted",
      problem: new Problem("DeadlineExceeded", "the run ended before its turn came", {
        object: action.target.ref,
      }),
    }),
  );
}

async function carryOut(action: Action, context: ApplyContext): Promise<ObjectReport> {
  const { target } = action;
  switch (action.do) {
    case "create": {
      const report = await create(target, context);
      return action.heal && report.outcome === "created"
        ? { ...report, outcome: "healed", drift: { fields: [], manager: "unknown" } }
        : report;
    }
    case "apply":
      return await apply(action, context);
    case "verify":
      return await verify(action, context);
    case "report":
      return {
        ref: target.ref,
        outcome: "drifted",
        drift: action.drift,
        health: action.live?.health ?? { state: "Missing", message: "deleted from the cluster" },
      };
    case "keep":
      if (action.baseline !== undefined) context.baseline(target.key, action.baseline);
      return { ref: target.ref, outcome: "unchanged", health: action.live.health };
    case "wait":
      if (action.live.partOf !== context.ownership.id) await assertMayWrite(target, context);
      return {
        ref: target.ref,
        outcome: "deferred",
        health: action.live.health,
        problem: new Problem(
          "ApplyConflict",
          "it is being deleted; it is created again once it is gone",
          { object: target.ref },
        ),
      };
    case "refuse":
      await assertMayWrite(target, context);
      return { ref: target.ref, outcome: "refused", problem: action.problem };
  }
}

/**
 * What is known of an object of somebody else's is told only to who may write it: else the answer
 * is the one that an object which does not exist would get.
 * @throws the API's refusal
 */
async function assertMayWrite(target: Target, context: ApplyContext): Promise<void> {
  try {
    await context.objects.apply(target.resource, target.initial, {
      fieldManager: context.ownership.fieldManager,
      dryRun: true,
      signal: context.signal,
    });
  } catch (error) {
    if (apiProblem(error).code === "Forbidden") throw error;
  }
}

async function verify(
  action: Extract<Action, { do: "verify" }>,
  context: ApplyContext,
): Promise<ObjectReport> {
  const { target, live } = action;
  const enforced = live !== undefined && live.partOf === context.ownership.id;
  const comparison = await compare(target, enforced, context);
  if (comparison.state === "same") {
    if (action.settles && live?.claim !== undefined) context.baseline(target.key, live.claim);
    return comparison.report;
  }
  const manager = comparison.manager ?? "unknown";
  const drift = { manager, ...action.drift, fields: comparison.fields };
  if (live !== undefined && action.heal)
    return await apply(
      { do: "apply", target, live, why: "drift", adopt: live.additions.length > 0, drift },
      context,
    );
  return {
    ref: target.ref,
    outcome: "drifted",
    drift,
    health: comparison.live?.health ?? { state: "Missing", message: "not in the cluster" },
  };
}
