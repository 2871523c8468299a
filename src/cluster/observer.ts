/**
 * Follows objects that an application wants but does not own (observe, warn): unlabelled, so
 * their kinds are watched whole, but only the wanted names are kept.
 */
import { hasHealth, healthOf } from "../health/health.ts";
import type { Health } from "../model/health.ts";
import {
  groupKindKey,
  type KubeObject,
  type ObjectRef,
  type ResourceKind,
  refKey,
} from "../model/object.ts";
import type { Transport } from "./transport.ts";
import { watchKind } from "./watch.ts";

export interface ObserverOptions {
  transport: Transport;
  /** Something other than the status of a wanted object changed, or it came or went. */
  onChange(follower: string, key: string): void;
  onHealth(follower: string, key: string, health: Health): void;
  log(message: string, fields: Record<string, unknown>): void;
}

interface ScopeWatch {
  stop: AbortController;
  /** key -> followers */
  wanted: Map<string, Set<string>>;
}

interface Seen {
  uid: string;
  fingerprint: string;
  health: Health;
}

export class Observer {
  readonly #options: ObserverOptions;
  readonly #scopes = new Map<string, ScopeWatch>();
  readonly #seen = new Map<string, Seen>();
  readonly #followed = new Map<string, Map<string, string>>();

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** From now on the follower follows exactly these objects; none: it is forgotten. */
  follow(follower: string, wanted: readonly { ref: ObjectRef; resource: ResourceKind }[]): void {
    const before = this.#followed.get(follower) ?? new Map<string, string>();
    const after = new Map(wanted.map(({ ref, resource }) => [refKey(ref), scopeOf(ref, resource)]));
    for (const [key, scope] of before)
      if (after.get(key) !== scope) this.#unfollow(follower, key, scope);
    for (const { ref, resource } of wanted) {
      const key = refKey(ref);
      const scope = scopeOf(ref, resource);
      if (before.get(key) === scope) continue;
      const watch = this.#scopes.get(scope) ?? this.#start(scope, ref.namespace, resource);
      const followers = watch.wanted.get(key) ?? new Set();
      followers.add(follower);
      watch.wanted.set(key, followers);
    }
    if (after.size > 0) this.#followed.set(follower, after);
    else this.#followed.delete(follower);
  }

  /** The latest health of a followed object; undefined when it is not there, or not seen yet. */
  health(key: string): Health | undefined {
    return this.#seen.get(key)?.health;
  }

  close(): void {
    for (const watch of this.#scopes.values()) watch.stop.abort();
  }

  #unfollow(follower: string, key: string, scope: string): void {
    const watch = this.#scopes.get(scope);
    const followers = watch?.wanted.get(key);
    followers?.delete(follower);
    if (followers?.size === 0) {
      watch?.wanted.delete(key);
      this.#seen.delete(key);
    }
    if (watch?.wanted.size === 0) {
      watch.stop.abort();
      this.#scopes.delete(scope);
    }
  }

  #start(scope: string, namespace: string | undefined, resource: ResourceKind): ScopeWatch {
    const watch: ScopeWatch = { stop: new AbortController(), wanted: new Map() };
    this.#scopes.set(scope, watch);
    const keyOf = ({ metadata }: KubeObject): string =>
      refKey({
        group: resource.group,
        kind: resource.kind,
        name: metadata.name ?? "",
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      });
    const tell = (key: string) => {
      for (const follower of watch.wanted.get(key) ?? []) this.#options.onChange(follower, key);
    };
    const changed = (object: KubeObject): void => {
      const key = keyOf(object);
      if (!watch.wanted.has(key)) return;
      const before = this.#seen.get(key);
      const now = seen(object, resource);
      this.#seen.set(key, now);
      if (before?.uid !== now.uid || before.fingerprint !== now.fingerprint) tell(key);
      else if (before.health.state !== now.health.state)
        for (const follower of watch.wanted.get(key) ?? [])
          this.#options.onHealth(follower, key, now.health);
    };
    void watchKind({
      transport: this.#options.transport,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      metadataOnly: !hasHealth(resource),
      signal: watch.stop.signal,
      handler: {
        replaced: (objects) => {
          const listed = new Set<string>();
          for (const object of objects) {
            listed.add(keyOf(object));
            changed(object);
          }
          for (const key of watch.wanted.keys())
            if (!listed.has(key) && this.#seen.delete(key)) tell(key);
        },
        changed,
        deleted: (object) => {
          const key = keyOf(object);
          if (this.#seen.delete(key)) tell(key);
        },
        unknown: (why) => this.#options.log("watch lost", { kind: groupKindKey(resource), why }),
        resumed: () => {},
      },
    });
    return watch;
  }
}

function scopeOf(ref: ObjectRef, resource: ResourceKind): string {
  return `${groupKindKey(resource)} ${ref.namespace ?? ""}`;
}

/** Status writes move the resourceVersion, never the generation; kinds without one are fingerprinted by version. */
function seen({ metadata, ...object }: KubeObject, resource: ResourceKind): Seen {
  const { generation, labels, annotations, resourceVersion } = metadata;
  return {
    uid: metadata.uid ?? "",
    fingerprint: JSON.stringify([generation ?? resourceVersion, labels, annotations]),
    health: hasHealth(resource)
      ? healthOf({ ...object, metadata } as KubeObject)
      : { state: "Healthy" },
  };
}
