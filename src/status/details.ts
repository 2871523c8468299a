/** The lists of a status: the first objects that are not fine, the held prune, the last drift. */
import type { ApplicationStatus } from "../model/application.ts";
import { type ObjectRef, refKey } from "../model/object.ts";
import type { HeldPrune, ObjectReport, Report } from "../model/report.ts";
import { type Assessment, sentence } from "./assessment.ts";
import { boundText } from "./bound.ts";

const listed = 20;
const maxMessage = 512;
const maxField = 256;

type Drift = NonNullable<ApplicationStatus["lastDrift"]>;

/** A reference as zod types it: the same data, an optional member may be undefined. */
interface StatusRef {
  group: string;
  kind: string;
  namespace?: string | undefined;
  name: string;
}

export function problemsOf({ troubles }: Assessment): NonNullable<ApplicationStatus["problems"]> {
  return troubles.slice(0, listed).map((trouble) => ({
    ...plain(trouble.report.ref),
    state: trouble.state,
    message: boundText(sentence(trouble), maxMessage),
  }));
}

export function heldPruneOf(held: HeldPrune): NonNullable<ApplicationStatus["heldPrune"]> {
  const objects = [...held.objects].sort(byKey).slice(0, listed);
  return {
    hash: held.hash,
    reason: boundText(held.reason, maxMessage),
    count: held.objects.length,
    objects: objects.map(plain),
  };
}

/**
 * The last drift after a report: of those that it tells, the latest. A drift that stands since
 * an earlier status keeps its time; one that is no longer there becomes `healed`.
 */
export function nextDrift(
  report: Report | undefined,
  previous: Drift | undefined,
  time: string,
): Drift | undefined {
  if (report === undefined) return previous;
  const told = report.objects.filter(
    ({ drift, outcome }) => drift !== undefined && (outcome === "drifted" || outcome === "healed"),
  );
  const [first, ...others] = told;
  if (first !== undefined) {
    const latest = others.reduce((best, next) => (isLater(next, best, time) ? next : best), first);
    return driftOf(latest, previous, time);
  }
  if (previous === undefined || previous.healed) return previous;
  const object = report.objects.find(({ ref }) => refKey(ref) === keyOf(previous));
  const still =
    object?.outcome === "drifted" ||
    object?.outcome === "failed" ||
    object?.outcome === "not-attempted";
  return still ? previous : { ...previous, healed: true };
}

/** What has no time, a deletion, was seen now. */
function isLater(a: ObjectReport, b: ObjectReport, now: string): boolean {
  const [first, second] = [a.drift?.since ?? now, b.drift?.since ?? now];
  return first === second ? byKey(a.ref, b.ref) < 0 : Date.parse(first) > Date.parse(second);
}

function driftOf(object: ObjectReport, previous: Drift | undefined, time: string): Drift {
  const drift: Drift = {
    ...plain(object.ref),
    fields: (object.drift?.fields ?? [])
      .slice(0, listed)
      .map((field) => boundText(field, maxField)),
    manager: boundText(object.drift?.manager ?? "", 128),
    time: object.drift?.since ?? time,
    healed: object.outcome === "healed",
  };
  const standing =
    object.drift?.since === undefined &&
    previous !== undefined &&
    !previous.healed &&
    keyOf(previous) === keyOf(drift) &&
    previous.fields.join("\n") === drift.fields.join("\n");
  return standing ? { ...drift, time: previous.time } : drift;
}

/** `Deployment.apps shop/web`, of a reference in a status. */
export function keyOf(ref: StatusRef): string {
  return refKey(plain(ref));
}

function plain({ group, kind, namespace, name }: StatusRef): ObjectRef {
  return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name };
}

function byKey(a: StatusRef, b: StatusRef): number {
  const [first, second] = [keyOf(a), keyOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}
