/**
 * Drift, read from metadata alone: whoever changes, removes or takes a field that we own makes
 * the apiserver take it out of our managedFields entry. No GET, no dry-run, no cached spec.
 */
import type { LiveObject } from "../model/live.ts";
import type { KubeObject, ManagedFieldsEntry } from "../model/object.ts";
import type { DriftReport } from "../model/report.ts";
import {
  claims,
  contentPaths,
  coverage,
  digestFields,
  type FieldPath,
  formatPath,
} from "./fields.ts";
import type { Target } from "./targets.ts";

export type Verdict =
  /** Everything desired is there and ours. */
  | { state: "in-sync"; baseline: string }
  /** The last apply was of another desired object. */
  | { state: "outdated" }
  | { state: "drifted"; drift: DriftReport; additions: boolean }
  /** Only a dry-run tells: the claim lacks fields, but nothing says that it ever had them. */
  | { state: "unclear"; drift: DriftReport };

const maxFields = 20;

/**
 * @param baseline digest of our claim in the answer to our last apply, when this process made it.
 */
export function judge(
  target: Target,
  live: LiveObject,
  fieldManager: string,
  baseline: string | undefined,
): Verdict {
  const claimed = live.claim;
  const sameDesired = live.appliedHash === target.hash;
  if (live.additions.length === 0 && claimed !== undefined && sameDesired && claimed === baseline)
    return { state: "in-sync", baseline: claimed };
  if (live.managedFields === undefined) {
    // Judged before and settled: nothing happened to it since, so only Git can have moved.
    if (!sameDesired) return { state: "outdated" };
    return { state: "unclear", drift: { fields: [], manager: "unknown" } };
  }
  const entries = JSON.parse(live.managedFields) as ManagedFieldsEntry[];
  const ours = entries.find((entry) => isOurs(entry, fieldManager));
  if (claimed === undefined || ours === undefined)
    return {
      state: "drifted",
      drift: describe(target, entries, fieldManager, []),
      additions: true,
    };
  if (live.additions.length > 0)
    return { state: "drifted", drift: describeAdditions(entries, live.additions), additions: true };
  const covered = coverage(target.object, ours.fieldsV1 ?? {});
  if (!sameDesired) {
    // The annotation is ours: when the claim has lost it, somebody wrote it; else Git moved on.
    const hashPath = ["metadata", "annotations", "mooring.dev/applied-hash"];
    if (
      covered.state !== "missing" ||
      !covered.paths.some((path) => formatPath(path) === formatPath(hashPath))
    )
      return { state: "outdated" };
  }
  if (covered.state === "covered")
    return { state: "in-sync", baseline: digestFields(ours.fieldsV1 ?? {}) };
  const drift = describe(target, entries, fieldManager, covered.paths);
  if (covered.state === "unclear") return { state: "unclear", drift };
  // Missing, and another has it: it was ours, for applies are what claims begin with. Missing,
  // and nobody has it: deleted, or of what the apiserver never records.
  const isTaken = covered.paths.some((path) =>
    rivals(entries, fieldManager).some((entry) =>
      claims(entry.fieldsV1 ?? {}, target.object, path),
    ),
  );
  return baseline === undefined && !isTaken
    ? { state: "unclear", drift }
    : { state: "drifted", drift, additions: false };
}

export function isOurs(entry: ManagedFieldsEntry, fieldManager: string): boolean {
  return (
    entry.manager === fieldManager &&
    entry.operation === "Apply" &&
    (entry.subresource ?? "") === ""
  );
}

/** Who did it: the latest writer that now holds one of the fields, else the latest writer. */
function describe(
  target: Target,
  entries: readonly ManagedFieldsEntry[],
  fieldManager: string,
  paths: readonly FieldPath[],
): DriftReport {
  const others = rivals(entries, fieldManager);
  const culprit =
    others.find((entry) =>
      paths.some((path) => claims(entry.fieldsV1 ?? {}, target.object, path)),
    ) ?? others[0];
  return {
    fields: paths.slice(0, maxFields).map(formatPath),
    manager: culprit?.manager ?? "unknown",
    ...(culprit?.time === undefined ? {} : { since: culprit.time }),
  };
}

/**
 * Who holds fields of a live object that Git wants otherwise: the latest of those who wrote one.
 * @returns undefined where nobody has them, as when Git adds a field
 */
export function holderOf(
  live: KubeObject,
  paths: readonly FieldPath[],
  fieldManager: string,
): string | undefined {
  const holder = rivals(live.metadata.managedFields ?? [], fieldManager).find((entry) =>
    paths.some((path) => claims(entry.fieldsV1 ?? {}, live, path)),
  );
  return holder?.manager;
}

/** Who else has a say in the desired state, the latest first. */
function rivals(
  entries: readonly ManagedFieldsEntry[],
  fieldManager: string,
): readonly ManagedFieldsEntry[] {
  return entries
    .filter((entry) => entry.manager !== fieldManager && entry.subresource !== "status")
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1));
}

function describeAdditions(
  entries: readonly ManagedFieldsEntry[],
  additions: readonly string[],
): DriftReport {
  const adding = entries
    .filter((entry) => additions.includes(entry.manager ?? ""))
    .sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1));
  const [latest] = adding;
  return {
    fields: adding.flatMap((entry) => contentPaths(entry.fieldsV1 ?? {})).slice(0, maxFields),
    manager: latest?.manager ?? "unknown",
    ...(latest?.time === undefined ? {} : { since: latest.time }),
  };
}
