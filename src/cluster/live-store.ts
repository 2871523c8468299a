/**
 * All objects that carry an ApplySet label, kept up to date by one watch for each kind
 * (selected by the label's existence, so foreign objects cost nothing).
 */

import { hasHealth } from "../health/health.ts";
import type { LiveKnowledge, LiveObject } from "../model/live.ts";
import {
  type GroupKind,
  groupKindKey,
  type KubeObject,
  type ObjectRef,
  type ResourceKind,
  refKey,
} from "../model/object.ts";
import { partOfLabel } from "../plan/ownership.ts";
import { liveObjectOf } from "./live-object.ts";
import { Objects } from "./objects.ts";
import type { Transport } from "./transport.ts";
import { watchKind } from "./watch.ts";

export interface LiveChange {
  /** What is now; absent when it is gone. */
  live: LiveObject | undefined;
  /** What was known before. */
  before: LiveObject | undefined;
}

export interface LiveStoreOptions {
  transport: Transport;
  /** Namespaces to watch; empty: all, with one watch. */
  namespaces: readonly string[];
  disallowedManagers: readonly string[];
  /** Called after each change that came from the cluster, never for what was learned from our own answers. */
  onChange(change: LiveChange): void;
  /** Called when what is known of a kind becomes sure or unsure. */
  onKnowledge(gk: GroupKind): void;
  log(message: string, fields: Record<string, unknown>): void;
  /** Monotonic, milliseconds. */
  monotonic(): number;
}

interface KindWatch {
  resource: ResourceKind;
  knowledge: LiveKnowledge;
  /** Namespaces whose first list is not there yet. */
  awaited: Set<string>;
  waiters: (() => void)[];
  stop: AbortController;
  activity: number;
}

export class LiveStore {
  readonly #options: LiveStoreOptions;
  readonly #kinds = new Map<string, KindWatch>();
  readonly #objects = new Map<string, LiveObject>();
  readonly #sets = new Map<string, Map<string, LiveObject>>();

  constructor(options: LiveStoreOptions) {
    this.#options = options;
  }

  get(ref: ObjectRef): LiveObject | undefined {
    return this.#objects.get(refKey(ref));
  }

  /** The objects whose label names the set. */
  ownedBy(id: string): LiveObject[] {
    return [...(this.#sets.get(id)?.values() ?? [])];
  }

  /** Unknown until the first complete list of every watched namespace. */
  knowledge(gk: GroupKind): LiveKnowledge {
    return (
      this.#kinds.get(groupKindKey(gk))?.knowledge ?? {
        state: "unknown",
        why: `${groupKindKey(gk)} is not watched`,
      }
    );
  }

  /** Seconds since each kind's watch last said anything, bookmarks included. */
  watchAges(): { resource: string; seconds: number }[] {
    const now = this.#options.monotonic();
    return [...this.#kinds].map(([resource, watch]) => ({
      resource,
      seconds: (now - watch.activity) / 1000,
    }));
  }

  /** Starts watching a kind and waits until it is known, or known to be unknown. */
  async ensure(resource: ResourceKind, signal: AbortSignal): Promise<LiveKnowledge> {
    const watch = this.#kinds.get(groupKindKey(resource)) ?? this.#start(resource);
    if (watch.awaited.size > 0)
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        watch.waiters.push(() => {
          signal.removeEventListener("abort", abort);
          resolve();
        });
      });
    return watch.knowledge;
  }

  /** {@link ensure} for several kinds at once. */
  async ensureAll(resources: readonly ResourceKind[], signal: AbortSignal): Promise<void> {
    const kinds = new Map(resources.map((resource) => [groupKindKey(resource), resource]));
    await Promise.all([...kinds.values()].map((resource) => this.ensure(resource, signal)));
  }

  /** Takes over what an answer of the API said, without waiting for the watch to say it again. */
  learn(object: KubeObject, resource: ResourceKind): LiveObject {
    const live = liveObjectOf(
      object,
      this.#kinds.get(groupKindKey(resource))?.resource ?? resource,
      this.#options.disallowedManagers,
    );
    const known = this.#objects.get(refKey(live.ref));
    if (
      known !== undefined &&
      known.uid === live.uid &&
      isOlder(live.resourceVersion, known.resourceVersion)
    )
      return known;
    // No watch follows an object without the label: only one that just lost it is remembered.
    if (live.partOf !== undefined || known !== undefined) this.#put(live);
    return live;
  }

  /** What an object would be in this view, without taking it over. */
  view(object: KubeObject, resource: ResourceKind): LiveObject {
    return liveObjectOf(object, resource, this.#options.disallowedManagers);
  }

  /** Forgets an object that an answer of the API proved to be gone. */
  forget(ref: ObjectRef, uid: string): void {
    const known = this.#objects.get(refKey(ref));
    if (known?.uid === uid) this.#remove(known);
  }

  /** Drops the evidence of an object that was judged, to save memory. */
  settle(live: LiveObject): void {
    live.managedFields = undefined;
  }

  close(): void {
    for (const watch of this.#kinds.values()) watch.stop.abort();
  }

  #start(resource: ResourceKind): KindWatch {
    const { namespaces, transport } = this.#options;
    const scopes = resource.namespaced && namespaces.length > 0 ? [...namespaces] : [""];
    const watch: KindWatch = {
      resource,
      knowledge: { state: "unknown", why: "its first list is not there yet" },
      awaited: new Set(scopes),
      waiters: [],
      stop: new AbortController(),
      activity: this.#options.monotonic(),
    };
    this.#kinds.set(groupKindKey(resource), watch);
    const unsure = new Map<string, LiveKnowledge>();
    for (const scope of scopes) {
      const settle = (knowledge: LiveKnowledge) => {
        if (knowledge.state === "known") unsure.delete(scope);
        else unsure.set(scope, knowledge);
        watch.awaited.delete(scope);
        const [first] = unsure.values();
        const before = watch.knowledge.state;
        if (first !== undefined) watch.knowledge = first;
        else if (watch.awaited.size === 0) watch.knowledge = { state: "known" };
        if (watch.awaited.size === 0) for (const done of watch.waiters.splice(0)) done();
        if (watch.knowledge.state !== before) this.#options.onKnowledge(resource);
      };
      void watchKind({
        transport,
        resource,
        ...(scope === "" ? {} : { namespace: scope }),
        labelSelector: partOfLabel,
        metadataOnly: !hasHealth(resource),
        signal: watch.stop.signal,
        onActivity: () => {
          watch.activity = this.#options.monotonic();
        },
        handler: {
          replaced: (objects, listVersion) => {
            this.#replace(resource, scope, objects, listVersion);
            settle({ state: "known" });
          },
          changed: (object) =>
            this.#changed(liveObjectOf(object, resource, this.#options.disallowedManagers)),
          deleted: (object) =>
            void this.#deleted(
              liveObjectOf(object, resource, this.#options.disallowedManagers),
              watch.stop.signal,
            ),
          unknown: (why, forbidden) => {
            this.#options.log("watch lost", { kind: groupKindKey(resource), why });
            settle({ state: "unknown", why, forbidden });
          },
          resumed: () => settle({ state: "known" }),
        },
      });
    }
    return watch;
  }

  #replace(
    resource: ResourceKind,
    scope: string,
    objects: readonly KubeObject[],
    listVersion: string,
  ): void {
    const listed = new Map<string, LiveObject>();
    for (const object of objects) {
      const live = liveObjectOf(object, resource, this.#options.disallowedManagers);
      listed.set(refKey(live.ref), live);
      this.#changed(live);
    }
    const gk = groupKindKey(resource);
    for (const known of [...this.#objects.values()]) {
      if (groupKindKey(known.ref) !== gk || (scope !== "" && known.ref.namespace !== scope))
        continue;
      if (listed.get(refKey(known.ref))?.uid === known.uid) continue;
      // What we learned from an answer after the list was made is newer than the list.
      if (isOlder(listVersion, known.resourceVersion)) continue;
      if (!listed.has(refKey(known.ref))) {
        this.#remove(known);
        this.#options.onChange({ live: undefined, before: known });
      }
    }
  }

  #changed(live: LiveObject): void {
    const before = this.#objects.get(refKey(live.ref));
    if (before?.uid === live.uid && !isOlder(before.resourceVersion, live.resourceVersion)) return;
    this.#put(live);
    this.#options.onChange({ live, before });
  }

  /** DELETED of a selected watch: gone, or only its label is gone. One read tells. */
  async #deleted(last: LiveObject, signal: AbortSignal): Promise<void> {
    const before = this.#objects.get(refKey(last.ref));
    const { ref } = last;
    // An object that could not be read is unknown, not gone: it is kept, without its label.
    const current = last.deleting
      ? undefined
      : await this.#readAnew(last, signal).catch(
          (): LiveObject => ({ ...last, partOf: undefined }),
        );
    const known = this.#objects.get(refKey(ref));
    if (known !== undefined && known.uid !== last.uid) return;
    if (current?.uid === last.uid) {
      if (known !== undefined && isOlder(current.resourceVersion, known.resourceVersion)) return;
      this.#put({ ...current, health: last.health });
      this.#options.onChange({ live: current, before });
      return;
    }
    if (known !== undefined) this.#remove(known);
    this.#options.onChange({ live: undefined, before: before ?? last });
  }

  /**
   * By a list, which needs no further right: `get` on every kind would be `get` on every subresource,
   * pods/exec and nodes/proxy among them.
   */
  async #readAnew(
    { ref, resource }: LiveObject,
    signal: AbortSignal,
  ): Promise<LiveObject | undefined> {
    const { items } = await new Objects(this.#options.transport).list(resource, {
      namespace: ref.namespace,
      fieldSelector: `metadata.name=${ref.name}`,
      metadataOnly: true,
      signal,
    });
    const found = items.find(({ metadata }) => metadata.name === ref.name);
    return found && liveObjectOf(found, resource, this.#options.disallowedManagers);
  }

  #put(live: LiveObject): void {
    const key = refKey(live.ref);
    const before = this.#objects.get(key);
    if (before?.partOf !== undefined && before.partOf !== live.partOf)
      this.#leave(before.partOf, key);
    this.#objects.set(key, live);
    if (live.partOf === undefined) return;
    let set = this.#sets.get(live.partOf);
    if (set === undefined) {
      set = new Map();
      this.#sets.set(live.partOf, set);
    }
    set.set(key, live);
  }

  #remove(live: LiveObject): void {
    const key = refKey(live.ref);
    this.#objects.delete(key);
    if (live.partOf !== undefined) this.#leave(live.partOf, key);
  }

  #leave(id: string, key: string): void {
    const set = this.#sets.get(id);
    set?.delete(key);
    if (set?.size === 0) this.#sets.delete(id);
  }
}

/**
 * Is version a older than b? Resource versions of one resource can be compared as integers
 * since Kubernetes 1.35 (KEP-5504); before, etcd's revisions were just that.
 */
export function isOlder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
