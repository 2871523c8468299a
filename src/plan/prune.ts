/**
 * What may be deleted, and what waits for somebody's approval (hostile.md, invariants 1 and 2).
 * Each veto is a function of its own.
 */
import { createHash } from "node:crypto";
import type { LiveObject } from "../model/live.ts";
import { type GroupKind, groupKindKey, refKey } from "../model/object.ts";
import type { HeldPrune } from "../model/report.ts";
import { fieldManagerOf, type Ownership } from "./ownership.ts";

export interface PruneGuard {
  /** Share of the owned objects, 0 to 1, together with `count`. */
  share: number;
  count: number;
  /** More than so many objects at once, whatever their share. */
  absolute: number;
  /** Kinds that are never pruned without approval, as `Kind.group`. */
  protectedKinds: readonly string[];
}

export const defaultPruneGuard: PruneGuard = {
  share: 0.3,
  count: 3,
  absolute: 20,
  protectedKinds: [
    "Namespace",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StatefulSet.apps",
    "Cluster.cluster.x-k8s.io",
    "*.crossplane.io",
    "*.upbound.io",
  ],
};

const workloads = new Set(["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"]);

/** Is there proof that we made it? Our label, our Apply entry, and no controller above it. */
export function isProven(live: LiveObject, ownership: Ownership): boolean {
  return (
    live.partOf === ownership.id &&
    ownership.fieldManager === fieldManagerOf(ownership.id) &&
    live.claim !== undefined &&
    !live.controlled
  );
}

/**
 * The owned objects that nothing wants any more. One object served under two groups is one
 * object: whatever shares its uid with a wanted one is not a candidate.
 */
export function pruneCandidates(
  owned: Iterable<LiveObject>,
  wanted: ReadonlySet<string>,
  ownership: Ownership,
): LiveObject[] {
  const all = [...owned];
  const wantedUids = new Set(
    all.filter((live) => wanted.has(refKey(live.ref))).map((live) => live.uid),
  );
  const seen = new Set<string>();
  return all.filter((live) => {
    if (wanted.has(refKey(live.ref)) || wantedUids.has(live.uid) || seen.has(live.uid))
      return false;
    seen.add(live.uid);
    return isProven(live, ownership);
  });
}

/**
 * Holds a prune that is too large or too precious, unless exactly this set was approved.
 * @param owned how many objects the application owns now, the candidates among them
 * @param wanted how many it wants
 */
export function guardPrune(
  candidates: readonly LiveObject[],
  owned: readonly LiveObject[],
  wanted: number,
  guard: PruneGuard,
  approved: string | undefined,
): HeldPrune | undefined {
  const doomed = candidates.filter((live) => !live.deleting && !live.kept);
  if (doomed.length === 0) return undefined;
  const reason =
    emptied(wanted) ??
    protectedAmong(doomed, guard) ??
    lastWorkload(doomed, owned) ??
    tooMany(doomed.length, owned.length, guard);
  if (reason === undefined) return undefined;
  const hash = pruneHash(doomed);
  return hash === approved ? undefined : { hash, reason, objects: doomed.map((live) => live.ref) };
}

/**
 * Guards the deletion of a whole application: only its protected kinds hold it.
 * @param unmeant why nobody is likely to have meant this application's objects; holds it, too
 */
export function guardDeletion(
  owned: readonly LiveObject[],
  guard: PruneGuard,
  approved: string | undefined,
  unmeant?: string,
): HeldPrune | undefined {
  const doomed = owned.filter((live) => !live.deleting && !live.kept);
  if (doomed.length === 0) return undefined;
  const reason = unmeant ?? protectedAmong(doomed, guard);
  if (reason === undefined) return undefined;
  const hash = pruneHash(doomed);
  return hash === approved ? undefined : { hash, reason, objects: doomed.map((live) => live.ref) };
}

/** Bound to these very objects: by uid, so that an approval never covers a later namesake. */
export function pruneHash(objects: readonly LiveObject[]): string {
  const lines = objects.map((live) => `${refKey(live.ref)} ${live.uid}`).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
}

function emptied(wanted: number): string | undefined {
  return wanted === 0 ? "the source holds no objects at all" : undefined;
}

function protectedAmong(doomed: readonly LiveObject[], guard: PruneGuard): string | undefined {
  const found = doomed.find((live) => isProtected(live.ref, guard.protectedKinds));
  return found === undefined ? undefined : `${refKey(found.ref)} is of a protected kind`;
}

/** `Kind.group`, or `*.group` for every kind of a group and of its subgroups. */
export function isProtected(gk: GroupKind, protectedKinds: readonly string[]): boolean {
  return protectedKinds.some((pattern) =>
    pattern.startsWith("*.")
      ? gk.group === pattern.slice(2) || gk.group.endsWith(pattern.slice(1))
      : groupKindKey(gk) === pattern,
  );
}

function lastWorkload(
  doomed: readonly LiveObject[],
  owned: readonly LiveObject[],
): string | undefined {
  const isWorkload = (live: LiveObject) => workloads.has(groupKindKey(live.ref));
  const going = doomed.filter(isWorkload);
  const staying = owned.filter(
    (live) => isWorkload(live) && !live.deleting && !going.includes(live),
  );
  const [first] = going;
  return first !== undefined && staying.length === 0
    ? `${refKey(first.ref)} is the application's last workload`
    : undefined;
}

function tooMany(doomed: number, owned: number, guard: PruneGuard): string | undefined {
  if (doomed > guard.absolute) return `${doomed} objects at once, more than ${guard.absolute}`;
  if (doomed >= guard.count && doomed > owned * guard.share)
    return `${doomed} of ${owned} objects, more than ${Math.round(guard.share * 100)} %`;
  return undefined;
}
