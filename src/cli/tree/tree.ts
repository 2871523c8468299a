/** An Application and all below it, as data. */
import { hasHealth, healthOf } from "../../health/health.ts";
import type { Health, HealthState } from "../../model/health.ts";
import { type KubeObject, type ObjectRef, refKey, refOf } from "../../model/object.ts";
import { redactText } from "../../status/redaction.ts";
import { conditionOf, statusOf } from "../access/application.ts";
import type { Unreadable } from "./listed.ts";
import type { Members } from "./members.ts";
import type { Owned } from "./owned.ts";

export type SyncState = "Synced" | "OutOfSync" | "Unknown";

export interface TreeNode extends ObjectRef {
  /** Only of the Application's own objects. */
  readonly sync?: SyncState;
  readonly health: HealthState;
  readonly message?: string;
  /** RFC 3339; absent where the object is not there. */
  readonly created?: string;
  readonly owned: readonly TreeNode[];
}

export interface Tree {
  readonly application: Omit<TreeNode, "owned">;
  readonly objects: readonly TreeNode[];
  /** Kinds of which something may be missing above. */
  readonly unreadable: readonly Unreadable[];
}

/** status.problems holds no more. */
const listedProblems = 20;
/** Outcomes that leave an object in step with its revision. */
const inStep: ReadonlySet<string> = new Set(["skipped"]);

type Problem = NonNullable<ReturnType<typeof statusOf>["problems"]>[number];

export function treeOf(application: KubeObject, members: Members, owned: Owned): Tree {
  const status = statusOf(application);
  const problems = new Map(
    (status.problems ?? []).map((problem) => [refKey(problem as ObjectRef), problem]),
  );
  const complete = problems.size < listedProblems && status.sync !== undefined;
  const syncOf = (problem: Problem | undefined): SyncState => {
    if (problem !== undefined && isOutcome(problem.state))
      return inStep.has(problem.state) ? "Synced" : "OutOfSync";
    return complete && status.sync !== "Unknown" ? "Synced" : "Unknown";
  };
  const nodeOf = (object: KubeObject, above: ReadonlySet<string>): TreeNode => {
    const uid = object.metadata.uid ?? "";
    const line = new Set([...above, uid]);
    const health = healthAt(object);
    const below = (owned.byOwner.get(uid) ?? []).filter(
      // Who references themselves as owner is shown once.
      ({ metadata }) => !line.has(metadata.uid ?? ""),
    );
    return {
      ...refOf(object),
      health: health.state,
      ...(health.message === undefined ? {} : { message: redactText(health.message) }),
      ...createdOf(object),
      owned: below.map((one) => nodeOf(one, line)).sort(byRef),
    };
  };
  const memberOf = (object: KubeObject): TreeNode => {
    const node = nodeOf(object, new Set());
    const problem = problems.get(refKey(node));
    const message = problem === undefined ? node.message : redactText(problem.message);
    return { ...node, sync: syncOf(problem), ...(message === undefined ? {} : { message }) };
  };
  const besides = members.besides.map(({ ref, object }): TreeNode => {
    const problem = problems.get(refKey(ref));
    const { state } =
      object === undefined
        ? ({ state: "Missing" } as const)
        : object === "unknown"
          ? ({ state: "Unknown" } as const)
          : healthAt(object);
    return {
      ...ref,
      sync: syncOf(problem),
      health: state,
      ...(problem === undefined ? {} : { message: redactText(problem.message) }),
      ...(typeof object === "object" ? createdOf(object) : {}),
      owned: [],
    };
  });
  const ready = conditionOf(application, "Ready")?.message;
  return {
    application: {
      ...refOf(application),
      sync: status.sync ?? "Unknown",
      health: status.health ?? "Unknown",
      ...(ready === undefined ? {} : { message: redactText(ready) }),
      ...createdOf(application),
    },
    objects: [...members.objects.map(memberOf), ...besides].sort(byRef),
    unreadable: [...members.unreadable, ...owned.unreadable],
  };
}

/** In status.problems a state is an outcome, or else a health, which begins with a capital. */
function isOutcome(state: string): boolean {
  return /^[a-z]/.test(state);
}

function healthAt(object: KubeObject): Health {
  const ref = refOf(object);
  if (hasHealth(ref)) return healthOf(object);
  return object.metadata.deletionTimestamp === undefined
    ? { state: "Healthy" }
    : { state: "Progressing", message: "being deleted" };
}

function createdOf({ metadata }: KubeObject): { created?: string } {
  const created = metadata.creationTimestamp;
  return created === undefined || created === null ? {} : { created };
}

function byRef(a: ObjectRef, b: ObjectRef): number {
  const [first, second] = [refKey(a), refKey(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}
