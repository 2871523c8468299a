/**
 * The durable record of what an application may own: annotations of the Application itself
 * (KEP-3659), widened before the first write of a new kind, narrowed after confirmed deletion
 * (invariant 6). O(kinds), not O(objects).
 */
import { isNotFound } from "../cluster/api-error.ts";
import { type Application, applicationResource, finalizer } from "../model/application.ts";
import type { LiveObject } from "../model/live.ts";
import {
  type GroupKind,
  groupKindKey,
  type ObjectRef,
  type ResourceKind,
  refOf,
} from "../model/object.ts";
import { asProblem, Problem } from "../model/problem.ts";
import {
  groupKindsAnnotation,
  namespacesAnnotation,
  parentAnnotations,
  parentIdLabel,
  partOfLabel,
  recordedGroupKinds,
} from "../plan/ownership.ts";
import type { Target } from "../plan/targets.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState } from "./state.ts";

/** Before any write: the record names every kind and namespace that the targets are of. */
export async function widenRecord(
  state: ApplicationState,
  targets: readonly Target[],
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  if (targets.length === 0 && state.application.annotations[groupKindsAnnotation] === undefined)
    return;
  const kinds = new Map<string, GroupKind>();
  const namespaces = new Set(recordedNamespaces(state.application));
  if (isLost(state.application))
    for (const ref of await rebuild(state, env, signal)) {
      kinds.set(groupKindKey(ref), { group: ref.group, kind: ref.kind });
      if (ref.namespace !== undefined) namespaces.add(ref.namespace);
    }
  for (const gk of recordedGroupKinds(state.application.annotations))
    kinds.set(groupKindKey(gk), gk);
  for (const target of targets)
    kinds.set(groupKindKey(target.ref), { group: target.ref.group, kind: target.ref.kind });
  for (const target of targets)
    if (target.ref.namespace !== undefined) namespaces.add(target.ref.namespace);
  await writeRecord(state, [...kinds.values()], [...namespaces], env, signal);
}

/** After confirmed deletions: kinds that nothing wants and nothing is left of. */
export async function narrowRecord(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  if (
    state.application.spec.mode !== "enforce" ||
    state.application.annotations[groupKindsAnnotation] === undefined
  )
    return;
  // What cannot be seen may still be there.
  if ((await pruneKnowledge(state, env, signal)) !== undefined) return;
  const kinds = new Map<string, GroupKind>();
  const namespaces = new Set<string>();
  const targets = [...(state.desired?.targets.values() ?? [])];
  for (const { ref } of [...targets, ...members(state, env)]) {
    kinds.set(groupKindKey(ref), { group: ref.group, kind: ref.kind });
    if (ref.namespace !== undefined) namespaces.add(ref.namespace);
  }
  await writeRecord(state, [...kinds.values()], [...namespaces], env, signal);
}

/**
 * Makes sure that everything the record names is watched.
 * @returns why the live state is not completely known; then nothing may be pruned.
 */
export async function pruneKnowledge(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const recorded = recordedGroupKinds(state.application.annotations);
  for (const gk of recorded) {
    const resource = env.discovery.preferred(gk);
    if (resource === undefined) {
      // Discovery answered for this group and has no such kind: nothing of it can exist.
      if (!env.discovery.unknownGroups.includes(gk.group)) continue;
      return new Problem("LiveUnknown", `the API group ${gk.group} does not answer`);
    }
    const knowledge = await env.live.ensure(resource, signal);
    if (knowledge.state === "unknown")
      return new Problem("LiveUnknown", `${groupKindKey(gk)}: ${knowledge.why}`);
  }
  return undefined;
}

/**
 * The live objects with our label, in the namespaces of the record. Anybody may write our label
 * and our manager's name onto objects of a namespace of their own: those are no members.
 */
export function members(state: ApplicationState, env: Environment): LiveObject[] {
  const { application, ownership } = state;
  const namespaces = new Set([application.namespace, ...recordedNamespaces(application)]);
  return env.live
    .ownedBy(ownership.id)
    .filter(({ ref }) => ref.namespace === undefined || namespaces.has(ref.namespace));
}

/** Lost by a restore or a replace: the application deployed before, yet nothing says what. */
function isLost(application: Application): boolean {
  return (
    application.annotations[groupKindsAnnotation] === undefined &&
    (application.status.revision !== undefined || application.finalizers.includes(finalizer)) &&
    application.spec.mode === "enforce"
  );
}

/** Asks every listable kind for members of the set. @throws Problem LiveUnknown unless all of them answered */
async function rebuild(
  state: ApplicationState,
  env: Environment,
  signal: AbortSignal,
): Promise<ObjectRef[]> {
  env.log.warn(
    { app: state.key },
    "the record of owned kinds is lost, or was not made yet; asking all kinds",
  );
  const [unknown] = env.discovery.unknownGroups;
  if (unknown !== undefined)
    throw new Problem("LiveUnknown", `the API group ${unknown} does not answer`);
  const objects = env.own(state);
  const found: ObjectRef[] = [];
  for (const { resource, namespace } of placesOf(env)) {
    try {
      const { items } = await objects.list(resource, {
        namespace,
        labelSelector: `${partOfLabel}=${state.ownership.id}`,
        metadataOnly: true,
        signal,
      });
      for (const item of items)
        found.push({ ...refOf(item), group: resource.group, kind: resource.kind });
    } catch (error) {
      if (!isNotFound(error))
        throw new Problem("LiveUnknown", `${groupKindKey(resource)}: ${asProblem(error).message}`, {
          cause: error,
        });
    }
  }
  return found;
}

/** Where anything may be: in watched namespaces nothing of the whole cluster was ever applied. */
function placesOf({
  config,
  discovery,
}: Environment): { resource: ResourceKind; namespace: string | undefined }[] {
  const { watchNamespaces } = config;
  const all = discovery.listable();
  if (watchNamespaces.length === 0)
    return all.map((resource) => ({ resource, namespace: undefined }));
  return all
    .filter(({ namespaced }) => namespaced)
    .flatMap((resource) => watchNamespaces.map((namespace) => ({ resource, namespace })));
}

async function writeRecord(
  state: ApplicationState,
  kinds: readonly GroupKind[],
  namespaces: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const { application, ownership } = state;
  const wanted = parentAnnotations(kinds, namespaces, application.namespace);
  const dropNamespaces =
    application.annotations[namespacesAnnotation] !== undefined &&
    wanted[namespacesAnnotation] === undefined;
  const isSame =
    application.labels[parentIdLabel] === ownership.id &&
    application.finalizers.includes(finalizer) &&
    !dropNamespaces &&
    Object.entries(wanted).every(([name, value]) => application.annotations[name] === value);
  if (isSame) return;
  const patch = {
    metadata: {
      // Nobody's newer record is overwritten.
      uid: application.uid,
      resourceVersion: application.resourceVersion,
      labels: { [parentIdLabel]: ownership.id },
      annotations: dropNamespaces ? { ...wanted, [namespacesAnnotation]: null } : wanted,
      ...(application.finalizers.includes(finalizer)
        ? {}
        : { finalizers: [...application.finalizers, finalizer] }),
    },
  };
  const answer = await env
    .own(state)
    .mergePatch(applicationResource, application.namespace, application.name, patch, { signal });
  env.learnApplication(state, answer);
}

function recordedNamespaces(application: Application): string[] {
  return (application.annotations[namespacesAnnotation] ?? "")
    .split(",")
    .filter((name) => name !== "");
}
