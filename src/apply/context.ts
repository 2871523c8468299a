import { apiProblem } from "../cluster/api-problem.ts";
import type { Objects } from "../cluster/objects.ts";
import type { Identity } from "../cluster/transport.ts";
import type { LiveObject } from "../model/live.ts";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { asProblem, Problem } from "../model/problem.ts";
import type { ObjectReport } from "../model/report.ts";
import type { ApplicationOf, Ownership } from "../plan/ownership.ts";
import type { Target } from "../plan/targets.ts";

/** What carrying out a plan needs; the same for all objects of a run. */
export interface ApplyContext {
  /** Every request is made as the application's ServiceAccount. */
  objects: Objects;
  identity: Identity | undefined;
  ownership: Ownership;
  applicationOf: ApplicationOf;
  disallowedManagers: readonly string[];
  /** How many objects are written at once. */
  parallel: number;
  signal: AbortSignal;
  /** Takes an answer of the API over into the live view. */
  learn(object: KubeObject, resource: ResourceKind): LiveObject;
  /** The same, without taking it over: for objects that are not (yet) ours. */
  view(object: KubeObject, resource: ResourceKind): LiveObject;
  /** Is the live view of the kind complete? */
  sees(resource: ResourceKind): boolean;
  /** An answer proved the object to be gone. */
  forget(live: LiveObject): void;
  /** Remembers our claim in the answer to our own apply. */
  baseline(key: string, claim: string): void;
}

/** A failed object as data; the run goes on with the others. */
export function failed(
  target: Pick<Target, "ref"> & { origin?: string },
  error: unknown,
  context: ApplyContext,
): ObjectReport {
  const about = {
    object: target.ref,
    ...(target.origin === undefined ? {} : { origin: target.origin }),
  };
  const problem =
    error instanceof Problem
      ? error
      : apiProblem(error, {
          ...about,
          writing: true,
          ...(context.identity === undefined ? {} : { identity: context.identity }),
        });
  const outcome =
    problem.code === "OwnedByOther" || problem.code === "Forbidden" ? "refused" : "failed";
  return { ref: target.ref, outcome, problem: asProblem(problem) };
}

/** Runs `work` over the items, `parallel` at a time; stops starting new ones once aborted. */
export async function inParallel<T, R>(
  items: readonly T[],
  context: Pick<ApplyContext, "parallel" | "signal">,
  work: (item: T) => Promise<R>,
  notAttempted: (item: T) => R,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index] as T;
      results[index] = context.signal.aborted ? notAttempted(item) : await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(context.parallel, items.length) }, worker));
  return results;
}
