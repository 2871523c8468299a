/**
 * Rendered objects -> targets: the namespace and the kind resolved, our marks set, hashed.
 */
import { createHash } from "node:crypto";
import { annotations, type IgnoreDifference } from "../model/application.ts";
import type { RenderedObject } from "../model/desired.ts";
import type { LiveObject } from "../model/live.ts";
import {
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectRef,
  type ResourceKind,
  refKey,
} from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { FieldPath } from "./fields.ts";
import { ignoredPaths, type JqPaths, leaveOut, rulesFor } from "./ignore.ts";
import { type Ownership, partOfLabel } from "./ownership.ts";

/** One object that the application wants, ready to be applied. */
export interface Target {
  key: string;
  ref: ObjectRef;
  resource: ResourceKind;
  origin: string;
  /** What is applied: with our label and hash, without ignored fields. */
  object: KubeObject;
  /** What is created where nothing is: with the ignored fields. */
  initial: KubeObject;
  /** Of `object`, as the annotation `mooring.dev/applied-hash` carries it. */
  hash: string;
  ignored: readonly FieldPath[];
  /** It may be taken over from another GitOps tool. */
  adopt: boolean;
}

export interface Targets {
  targets: Target[];
  /** Objects that cannot be targets now: unknown kinds (deferred), duplicates (refused) and hooks (skipped). */
  others: OtherObject[];
}

export type OtherObject =
  | { ref: ObjectRef; outcome: "deferred" | "refused"; problem: Problem }
  /** Wanted, hence never pruned, and not applied: why. */
  | { ref: ObjectRef; outcome: "skipped"; note: string };

export interface TargetOptions {
  defaultNamespace: string;
  ownership: Ownership;
  ignoreDifferences: readonly IgnoreDifference[];
  /** Discovery: the resource of a kind, undefined when the cluster has none. */
  find(apiVersion: string, kind: string): ResourceKind | undefined;
  /** jq paths of one object, evaluated beforehand. */
  jq(object: KubeObject): JqPaths;
  live(ref: ObjectRef): LiveObject | undefined;
}

export function resolveTargets(
  rendered: readonly RenderedObject[],
  options: TargetOptions,
): Targets {
  const targets = new Map<string, Target>();
  const others: Targets["others"] = [];
  const duplicates = new Map<string, { ref: ObjectRef; origins: string[] }>();

  const hooks: OtherObject[] = [];
  for (const one of rendered) {
    const { object, origin } = one;
    const resource = options.find(object.apiVersion, object.kind);
    const ref = refFor(object, resource, options.defaultNamespace);
    if (isHook(one)) {
      hooks.push({ ref, outcome: "skipped", note: hookNote(one.hook, origin) });
      continue;
    }
    if (resource === undefined) {
      const problem = new Problem(
        "UnknownKind",
        `the cluster has no kind ${object.kind} in ${object.apiVersion}`,
        { object: ref, origin },
      );
      others.push({ ref, outcome: "deferred", problem });
      continue;
    }
    const key = refKey(ref);
    const known = duplicates.get(key);
    const first = targets.get(key);
    if (known !== undefined) known.origins.push(origin);
    else if (first !== undefined) duplicates.set(key, { ref, origins: [first.origin, origin] });
    else targets.set(key, targetOf(object, origin, ref, resource, options));
  }
  for (const [key, { ref, origins }] of duplicates) {
    targets.delete(key);
    const problem = new Problem(
      "DuplicateObject",
      `defined more than once: ${origins.join(", ")}`,
      { object: ref },
    );
    others.push({ ref, outcome: "refused", problem });
  }
  // A chart may have one object twice, as a hook and as itself: that one is told.
  const told = new Set([...targets.keys(), ...others.map((other) => refKey(other.ref))]);
  others.push(...hooks.filter(({ ref }) => !told.has(refKey(ref))));
  return { targets: [...targets.values()], others };
}

/**
 * Is it for a moment, rather than for good? `crd-install` is Helm 2's word for what every CRD is
 * today: an object that comes before the others.
 */
export function isHook(rendered: RenderedObject): rendered is RenderedObject & { hook: string } {
  return (
    rendered.hook?.split(",").some((phase) => phase.trim().toLowerCase() !== "crd-install") ?? false
  );
}

function hookNote(hook: string, origin: string): string {
  return `is a hook (${hook}) and was not applied: hooks are not run yet (${origin})`;
}

function refFor(
  object: KubeObject,
  resource: ResourceKind | undefined,
  defaultNamespace: string,
): ObjectRef {
  const slash = object.apiVersion.indexOf("/");
  const ref: ObjectRef = {
    group: slash < 0 ? "" : object.apiVersion.slice(0, slash),
    kind: object.kind,
    // Hooks may leave the end of their name to the apiserver.
    name: object.metadata.name ?? `${object.metadata.generateName ?? ""}*`,
  };
  const namespace =
    object.metadata.namespace ?? (resource === undefined ? undefined : defaultNamespace);
  // A namespace on a cluster-scoped object is dropped, as kubectl does.
  return resource?.namespaced === false || namespace === undefined ? ref : { ...ref, namespace };
}

/** The object in the namespace that `ref` has, if any. */
function placed(object: KubeObject, ref: ObjectRef): KubeObject {
  const { namespace: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: ref.namespace === undefined ? metadata : { ...metadata, namespace: ref.namespace },
  };
}

/** As it is applied, but for our marks: in the namespace that its kind, itself or the default says. */
export function inNamespace(
  object: KubeObject,
  resource: ResourceKind,
  defaultNamespace: string,
): KubeObject {
  return placed(object, refFor(object, resource, defaultNamespace));
}

function targetOf(
  object: KubeObject,
  origin: string,
  ref: ObjectRef,
  resource: ResourceKind,
  options: TargetOptions,
): Target {
  const whole = placed(object, ref);
  const rules = rulesFor(whole, options.ignoreDifferences);
  const ignored =
    rules.length === 0
      ? []
      : ignoredPaths(whole, rules, options.jq(whole), claimsForRules(rules, options.live(ref)));
  const reduced = leaveOut(whole, ignored);
  const hash = createHash("sha256").update(canonicalJson(reduced)).digest("base64url").slice(0, 22);
  return {
    key: refKey(ref),
    ref,
    resource,
    origin,
    object: marked(reduced, hash, options.ownership),
    initial:
      ignored.length === 0
        ? marked(reduced, hash, options.ownership)
        : marked(whole, hash, options.ownership),
    hash,
    ignored,
    adopt: whole.metadata.annotations?.[annotations.adopt] === "true",
  };
}

function claimsForRules(
  rules: readonly IgnoreDifference[],
  live: LiveObject | undefined,
): ManagedFieldsEntry[] {
  if (
    live?.managedFields === undefined ||
    !rules.some((rule) => rule.managedFieldsManagers?.length)
  )
    return [];
  return JSON.parse(live.managedFields) as ManagedFieldsEntry[];
}

function marked(object: KubeObject, hash: string, ownership: Ownership): KubeObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, [partOfLabel]: ownership.id },
      annotations: { ...object.metadata.annotations, [annotations.appliedHash]: hash },
    },
  };
}

/** The object without our marks: what observe and warn compare. */
export function withoutMarks(object: KubeObject): KubeObject {
  const { [partOfLabel]: _label, ...labels } = object.metadata.labels ?? {};
  const { [annotations.appliedHash]: _hash, ...notes } = object.metadata.annotations ?? {};
  const { labels: _l, annotations: _a, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      ...(Object.keys(notes).length > 0 ? { annotations: notes } : {}),
    },
  };
}

/** JSON with sorted members: equal objects, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    if ((JSON as unknown as { isRawJSON(v: unknown): boolean }).isRawJSON(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}
