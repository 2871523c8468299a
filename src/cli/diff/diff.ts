/** `mooring diff`: what would change in the cluster if what the source has now were applied. */
import { unsupported } from "../../dialect/mooring/application.ts";
import { type Application, annotations, applicationKey } from "../../model/application.ts";
import { groupOf, type ObjectRef, refKey, refOf } from "../../model/object.ts";
import { type ApplicationOf, ownershipOf } from "../../plan/ownership.ts";
import { defaultPruneGuard } from "../../plan/prune.ts";
import { resolveTargets, type Target } from "../../plan/targets.ts";
import type { Cluster } from "../access/cluster.ts";
import { Reviews } from "../check/review.ts";
import { type LocalRenderer, openRenderer } from "../render/renderer.ts";
import { compareTarget, plainMessage } from "./compare.ts";
import { jqPathsFor, renderWanted } from "./desired.ts";
import { type Live, readLive } from "./live.ts";
import { removedObjects } from "./removed.ts";
import type { DiffReport, ObjectDiff } from "./report.ts";
import { seedOf } from "./seed.ts";
import { type OpenedSource, openSource, type SourceOptions } from "./source.ts";

/** As the controller has them unless it is told otherwise (--disallowed-managers). */
const disallowedManagers: readonly string[] = ["kubectl*", "before-first-apply"];
const absent: Live = { state: "absent" };

export interface DiffOptions extends Omit<SourceOptions, "objects" | "reviews"> {
  /** Of kustomize.wasm and helm.wasm. */
  renderersDirectory: string;
  /** Of one render, in milliseconds. */
  renderMs: number;
  /** Of the installation. */
  controllerNamespace: string;
}

/** @throws Problem or Error when nothing can be said; what is not known of one object is in the report */
export async function diffApplication(
  application: Application,
  cluster: Cluster,
  o: DiffOptions,
): Promise<DiffReport> {
  const refused = unsupported(application);
  if (refused !== undefined) throw refused;
  const renderer = openRenderer({ directory: o.renderersDirectory, deadlineMs: o.renderMs });
  try {
    const source = await openSource(application, {
      ...o,
      objects: cluster.objects,
      reviews: new Reviews(cluster.transport),
    });
    try {
      return await compared(application, source, renderer, cluster, o);
    } finally {
      await source.close();
    }
  } finally {
    await renderer.close();
  }
}

async function compared(
  application: Application,
  source: OpenedSource,
  renderer: LocalRenderer,
  cluster: Cluster,
  o: DiffOptions,
): Promise<DiffReport> {
  const { objects } = cluster;
  const discovery = await cluster.discovery();
  const seed = () => seedOf(application, objects, o.controllerNamespace);
  const wanted = await renderWanted(application, source, { discovery, renderer, seed });
  const { destination, ignoreDifferences, mode } = application.spec;
  const defaultNamespace = destination.namespace ?? application.namespace;
  const live = await readLive(wanted.objects, {
    discovery,
    objects,
    defaultNamespace,
    disallowedManagers,
  });
  const liveOf = (ref: ObjectRef) => live.get(refKey(ref)) ?? absent;
  const ownership = ownershipOf(application);
  const { targets, others } = resolveTargets(wanted.objects, {
    defaultNamespace,
    ownership,
    ignoreDifferences,
    find: (apiVersion, kind) => discovery.find(apiVersion, kind),
    jq: await jqPathsFor(wanted.objects, application),
    live: (ref) => {
      const found = liveOf(ref);
      return found.state === "there" ? found.view : undefined;
    },
  });
  let names: Promise<ApplicationOf> | undefined;
  const context = {
    objects,
    ownership,
    disallowedManagers,
    enforce: mode === "enforce",
    applications() {
      names ??= applicationNames(cluster);
      return names;
    },
    random: (target: Target) => wanted.random.get(target.key) ?? [],
  };
  const diffs = await Promise.all(
    targets.map((target) => compareTarget(target, liveOf(target.ref), context)),
  );
  const defined = definedKinds(targets);
  const skipped: string[] = [];
  for (const other of others) {
    if (other.outcome === "skipped") skipped.push(`${refKey(other.ref)} ${other.note}`);
    else diffs.push(otherDiff(other, wanted.objects, defined, defaultNamespace));
  }
  const wantedKeys = [...targets.map(({ key }) => key), ...others.map(({ ref }) => refKey(ref))];
  const removed = await removedObjects(application, new Set(wantedKeys), {
    discovery,
    objects,
    ownership,
    guard: defaultPruneGuard,
    approved: application.annotations[annotations.approvePrune],
    obstacle: diffs.find(({ action }) => action === "refuse")?.ref,
  });
  const unseen: ObjectDiff[] = removed.complete ? [] : [unseenObjects(application, removed.notes)];
  return {
    application: applicationKey(application),
    revision: source.snapshot.revision,
    objects: [...diffs, ...removed.diffs, ...unseen],
    notes: [...source.notes, ...wanted.notes, ...skipped, ...stateNotes(application, o)],
  };
}

/** Of kinds that are not there, and of objects that are defined twice. */
function otherDiff(
  {
    ref,
    outcome,
    problem,
  }: Extract<ReturnType<typeof resolveTargets>["others"][number], { problem: unknown }>,
  rendered: Parameters<typeof resolveTargets>[0],
  defined: ReadonlyMap<string, string>,
  /** Of objects that name none. */
  namespace: string,
): ObjectDiff {
  const found = rendered.find(
    ({ object }) =>
      object.kind === ref.kind &&
      groupOf(object.apiVersion) === ref.group &&
      object.metadata.name === ref.name,
  );
  const about = { ref, apiVersion: found?.object.apiVersion ?? ref.group, fields: [] };
  const scope = defined.get(`${ref.group}/${ref.kind}`);
  if (outcome === "deferred" && scope !== undefined && found !== undefined) {
    const note = "its kind is defined by the source, and does not exist yet";
    const metadata =
      scope === "Namespaced" ? { namespace, ...found.object.metadata } : found.object.metadata;
    const desired = { ...found.object, metadata };
    return { ...about, ref: refOf(desired), action: "create", desired, note };
  }
  return { ...about, action: "refuse", note: plainMessage(problem, about) };
}

/** `group/Kind` of the CRDs of the source -> their scope. */
function definedKinds(targets: readonly Target[]): ReadonlyMap<string, string> {
  return new Map(
    targets
      .filter(({ ref }) => ref.kind === "CustomResourceDefinition")
      .map(({ object }) => {
        const { group, names, scope } = object.spec as {
          group?: string;
          names?: { kind?: string };
          scope?: string;
        };
        return [`${group}/${names?.kind}`, scope ?? "Namespaced"];
      }),
  );
}

/** So that what could not be seen is never taken for nothing. */
function unseenObjects({ namespace, name }: Application, notes: readonly string[]): ObjectDiff {
  return {
    ref: { group: "mooring.dev", kind: "Application", namespace, name },
    apiVersion: "mooring.dev/v1alpha1",
    action: "unknown",
    note: notes.join("; "),
    fields: [],
  };
}

async function applicationNames({ applications }: Cluster): Promise<ApplicationOf> {
  const names = new Map<string, string>();
  try {
    for (const { metadata } of (await applications.list({})).items) {
      const { namespace = "", name = "" } = metadata;
      names.set(ownershipOf({ namespace, name }).fieldManager, `${namespace}/${name}`);
    }
  } catch {
    // Who may not see other teams' Applications is told of an owner without a name.
  }
  return (manager) => names.get(manager);
}

function stateNotes({ spec, annotations: notes }: Application, o: DiffOptions): string[] {
  const told: string[] = [];
  if (spec.suspend)
    told.push("the Application is suspended: nothing is applied until mooring resume");
  if (spec.mode !== "enforce") {
    told.push(`the Application is in mode ${spec.mode}: nothing is applied until it says enforce`);
  }
  const pin = notes[annotations.rollbackTo];
  if (pin !== undefined && o.local === undefined && o.revision === undefined) {
    told.push(
      `a rollback pins ${pin.slice(0, 12)}: what is compared here comes once it ends (mooring rollback --end)`,
    );
  }
  return told;
}
