/** What of two versions of an object is shown: nothing that the server keeps for itself, no value of a Secret. */
import { annotations } from "../../model/application.ts";
import { groupOf, type KubeObject } from "../../model/object.ts";
import { canonicalJson } from "../../plan/targets.ts";
import { isSecret, lastAppliedAnnotation, redacted } from "../../status/redaction.ts";

const serverMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
] as const;
/** Book-keeping: ours changes with every object, kubectl's holds the whole object once more. */
const hiddenAnnotations: readonly string[] = [annotations.appliedHash, lastAppliedAnnotation];
const secretFields = ["data", "stringData"] as const;

/** Without what the apiserver, Mooring and kubectl keep in it for themselves. Values of Secrets are still there. */
export function withoutBookkeeping(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of serverMetadata) delete metadata[field];
  const notes = Object.entries(object.metadata.annotations ?? {}).filter(
    ([name]) => !hiddenAnnotations.includes(name),
  );
  if (notes.length > 0) metadata.annotations = Object.fromEntries(notes);
  else delete metadata.annotations;
  return { ...rest, metadata } as KubeObject;
}

export interface Pair {
  live: KubeObject | undefined;
  desired: KubeObject | undefined;
}

/** As kubectl diff masks them: that two values of a Secret differ is told, never how. */
export function withoutSecrets({ live, desired }: Pair): Pair {
  return {
    live: live && masked(live, desired, "before"),
    desired: desired && masked(desired, live, "after"),
  };
}

function masked(object: KubeObject, other: KubeObject | undefined, when: string): KubeObject {
  if (!isSecret({ group: groupOf(object.apiVersion), kind: object.kind })) return object;
  const result = { ...object };
  for (const field of secretFields) {
    const values = object[field];
    if (values === undefined || values === null) continue;
    const others = other?.[field];
    result[field] = isMap(values)
      ? Object.fromEntries(
          Object.entries(values).map(([key, value]) => [
            key,
            maskOf(value, isMap(others) ? others[key] : undefined, when),
          ]),
        )
      : redacted;
  }
  return result;
}

function maskOf(value: unknown, other: unknown, when: string): string {
  const same = other === undefined || canonicalJson(value) === canonicalJson(other);
  return same ? redacted : `${redacted} (${when})`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
