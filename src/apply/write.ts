/** Writes one object: create-only at first, guarded by uid and resourceVersion ever after. */
import { conflictManagers, isStale } from "../cluster/api-error.ts";
import type { LiveObject } from "../model/live.ts";
import type { KubeObject } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { ObjectReport, Outcome } from "../model/report.ts";
import { managerPrefix, standing } from "../plan/ownership.ts";
import type { Action } from "../plan/plan.ts";
import type { Target } from "../plan/targets.ts";
import { takeOverClaims } from "./adoption.ts";
import type { ApplyContext } from "./context.ts";
import { handOver } from "./hand-over.ts";

/** How often a write is tried anew against a fresher version of a busy object. */
const attempts = 5;

/** An apply with this resourceVersion creates where nothing is, and is answered 409 where something is. */
const createOnly = "1";

export async function create(target: Target, context: ApplyContext): Promise<ObjectReport> {
  try {
    const answer = await send(
      target,
      target.initial,
      { resourceVersion: createOnly },
      false,
      context,
    );
    let live = settle(target, answer, context);
    if (target.ignored.length > 0)
      live = await guardedApply(target, live, false, context, "revision");
    return { ref: target.ref, outcome: "created", health: live.health };
  } catch (error) {
    // Where another's value differs, the apiserver tells of that conflict first.
    if (!isStale(error) && conflictManagers(error).length === 0) throw error;
    return await takeWhatIsThere(target, context);
  }
}

export async function apply(
  action: Extract<Action, { do: "apply" }>,
  context: ApplyContext,
): Promise<ObjectReport> {
  const { target } = action;
  let { live, adopt } = action;
  for (let attempt = 1; ; attempt++) {
    try {
      const before = live.resourceVersion;
      const after = await guardedApply(target, live, adopt, context, action.why);
      return {
        ref: target.ref,
        outcome: outcomeOf(action, before !== after.resourceVersion),
        health: after.health,
        ...(action.drift === undefined ? {} : { drift: action.drift }),
      };
    } catch (error) {
      if (!isStale(error) || attempt === attempts) throw error;
      const current = await context.objects.get(
        target.resource,
        target.ref.namespace,
        target.ref.name,
        { signal: context.signal },
      );
      if (current === undefined || current.metadata.uid !== live.uid) context.forget(live);
      if (current === undefined)
        throw new Problem("ApplyConflict", "it was deleted meanwhile", { object: target.ref });
      const seen = live;
      live = context.learn(current, target.resource);
      assertNotOvertaken(target, seen.appliedHash, live);
      adopt = judgeStanding(target, live, context) || live.additions.length > 0 || adopt;
    }
  }
}

/** Something is where we wanted to create: ours from before, free to adopt, or somebody else's. */
async function takeWhatIsThere(target: Target, context: ApplyContext): Promise<ObjectReport> {
  const current = await context.objects.get(
    target.resource,
    target.ref.namespace,
    target.ref.name,
    { signal: context.signal },
  );
  if (current === undefined)
    throw new Problem("ApplyConflict", "it appeared and vanished again", { object: target.ref });
  const live = context.view(current, target.resource);
  if (live.deleting)
    throw new Problem("ApplyConflict", "the object of that name is still being deleted", {
      object: target.ref,
    });
  const adopt = judgeStanding(target, live, context);
  // Ours, and not in the live view: it came after our last look.
  if (!adopt && context.sees(target.resource)) assertNotOvertaken(target, undefined, live);
  return await apply(
    { do: "apply", target, live, why: adopt ? "adoption" : "revision", adopt },
    context,
  );
}

/**
 * Another replica of ours applied something else since we looked. This one may have been paused
 * and its revision be the old one: it does not write over that (invariant 11).
 * @throws Problem ApplyConflict
 */
function assertNotOvertaken(target: Target, seen: string | undefined, now: LiveObject): void {
  const { appliedHash } = now;
  if (appliedHash === undefined || appliedHash === seen || appliedHash === target.hash) return;
  throw new Problem("ApplyConflict", "another replica applied another version of it", {
    object: target.ref,
  });
}

/** @returns whether it must be adopted. @throws Problem OwnedByOther */
function judgeStanding(target: Target, live: LiveObject, context: ApplyContext): boolean {
  const whose = standing(live, context.ownership, target.adopt, context.applicationOf);
  if (whose.state === "other")
    throw new Problem("OwnedByOther", `belongs to ${whose.owner}`, {
      object: target.ref,
      origin: target.origin,
    });
  return whose.state === "free";
}

/**
 * Applies against exactly the version that was judged. Force takes fields back only from those
 * who do not keep them from elsewhere: with another applier a conflict is an answer, unless the
 * field was ours and drifted.
 */
async function guardedApply(
  target: Target,
  seen: LiveObject,
  adopt: boolean,
  context: ApplyContext,
  why: "revision" | "drift" | "adoption",
): Promise<LiveObject> {
  let live = seen;
  if (adopt) live = await takeOverClaims(target, live, context);
  if (target.ignored.length > 0) live = await handOver(target, live, context);
  const rivals = live.otherAppliers.filter((manager) => manager !== "mooring-ignored");
  const force =
    rivals.length === 0 ||
    (why === "drift" && !rivals.some((manager) => manager.startsWith(managerPrefix)));
  const precondition = { uid: live.uid, resourceVersion: live.resourceVersion };
  let answer: KubeObject;
  try {
    answer = await send(target, target.object, precondition, force, context);
  } catch (error) {
    const conflicts = conflictManagers(error);
    if (conflicts.length === 0) throw error;
    const rival = conflicts.find((conflict) => rivals.includes(conflict.manager));
    if (rival !== undefined)
      throw new Problem(
        "OwnedByOther",
        `the field ${rival.field} is kept by the field manager ${rival.manager}`,
        {
          object: target.ref,
          origin: target.origin,
          cause: error,
        },
      );
    answer = await send(target, target.object, precondition, true, context);
  }
  live = settle(target, answer, context);
  // After managedFields were wiped the apiserver lists all fields under before-first-apply.
  if (live.additions.length > 0 && !adopt)
    return await guardedApply(target, live, true, context, why);
  return live;
}

function send(
  target: Target,
  object: KubeObject,
  precondition: { uid?: string; resourceVersion: string },
  force: boolean,
  context: ApplyContext,
): Promise<KubeObject> {
  return context.objects.apply(
    target.resource,
    { ...object, metadata: { ...object.metadata, ...precondition } },
    { fieldManager: context.ownership.fieldManager, force, signal: context.signal },
  );
}

function settle(target: Target, answer: KubeObject, context: ApplyContext): LiveObject {
  const live = context.learn(answer, target.resource);
  if (live.claim !== undefined) context.baseline(target.key, live.claim);
  return live;
}

function outcomeOf(action: Extract<Action, { do: "apply" }>, changed: boolean): Outcome {
  if (action.why === "adoption") return "adopted";
  if (!changed) return "unchanged";
  return action.why === "drift" ? "healed" : "configured";
}
