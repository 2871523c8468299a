/**
 * What happens in the cluster, seen from outside: watches that note when each change arrived.
 * Times of the tour are read off here, not asked of the controller.
 */
import { type Connection, connect } from "../src/cluster/connection.ts";
import { Discovery } from "../src/cluster/discovery.ts";
import { Objects } from "../src/cluster/objects.ts";
import { createTransport, type Transport } from "../src/cluster/transport.ts";
import { watchKind } from "../src/cluster/watch.ts";
import {
  type KubeObject,
  type ObjectRef,
  type ResourceKind,
  refKey,
  refOf,
} from "../src/model/object.ts";
import { Unexpected } from "./steps.ts";

/** What an object should become. */
export interface Expectation {
  readonly what: string;
  holds(object: KubeObject | undefined): boolean;
  /** What is there instead, for the message. */
  seen(object: KubeObject | undefined): string;
}

/** An object as it was when an expectation first held. */
export interface Sighting {
  /** Monotonic, milliseconds. */
  readonly at: number;
  readonly object: KubeObject | undefined;
}

export interface FollowOptions {
  readonly deadlineMs: number;
  /** Why it will not come any more, where the object says so; believed when it lasts. */
  readonly hopeless?: (object: KubeObject | undefined) => string | undefined;
}

type Listener = (key: string, object: KubeObject | undefined, at: number) => void;

/** For how long a hopeless object may stay so before it is believed. */
const hopelessMs = 3000;

export class Observation {
  readonly objects: Objects;
  readonly discovery: Discovery;
  readonly #connection: Connection;
  readonly #transport: Transport;
  readonly #monotonic: () => number;
  readonly #stop = new AbortController();
  readonly #known = new Map<string, KubeObject>();
  readonly #watched = new Map<string, Promise<void>>();
  readonly #listeners = new Set<Listener>();

  private constructor(connection: Connection, monotonic: () => number) {
    this.#connection = connection;
    this.#monotonic = monotonic;
    this.#transport = createTransport(connection, { maxInFlight: 16 });
    this.objects = new Objects(this.#transport);
    this.discovery = new Discovery(this.#transport);
  }

  static async open(kubeconfig: string, monotonic: () => number): Promise<Observation> {
    const observation = new Observation(await connect({ kubeconfig }), monotonic);
    await observation.discovery.refresh();
    return observation;
  }

  /** Begins to watch a kind in all namespaces. Resolves when what is there is known. */
  watch(resource: ResourceKind): Promise<void> {
    const key = `${resource.group} ${resource.resource}`;
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    const listed = new Promise<void>((resolve) => {
      const take = (object: KubeObject) => this.#take(refKey(refOf(object)), object);
      void watchKind({
        transport: this.#transport,
        resource,
        metadataOnly: false,
        signal: this.#stop.signal,
        handler: {
          replaced: (objects) => {
            const present = new Set(objects.map((object) => refKey(refOf(object))));
            for (const [name, object] of this.#known) {
              const ref = refOf(object);
              const mine = ref.group === resource.group && ref.kind === resource.kind;
              if (mine && !present.has(name)) this.#take(name, undefined);
            }
            objects.forEach(take);
            resolve();
          },
          changed: take,
          deleted: (object) => this.#take(refKey(refOf(object)), undefined),
          unknown: () => {},
          resumed: () => {},
        },
      });
    });
    this.#watched.set(key, listed);
    return listed;
  }

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#known.get(refKey(ref));
  }

  /** Told of every change from now on. @returns stops it */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits until an object has met the expectations, one after the other. Called before what
   * causes them, for nothing that happened earlier is seen.
   *
   * @returns when each was first met
   * @throws Unexpected after the deadline, or when it is hopeless
   */
  follow(
    ref: ObjectRef,
    expectations: readonly Expectation[],
    { deadlineMs, hopeless }: FollowOptions,
  ): Promise<Sighting[]> {
    const key = refKey(ref);
    return new Promise((resolve, reject) => {
      const met: Sighting[] = [];
      let doomed: NodeJS.Timeout | undefined;
      const fail = (within: string, seen: string) => {
        finish();
        const next = expectations[met.length];
        reject(new Unexpected(`${key}: ${next?.what}${within}`, seen));
      };
      const late = setTimeout(() => {
        const seen = expectations[met.length]?.seen(this.#known.get(key)) ?? "";
        fail(` within ${deadlineMs / 1000} s`, seen);
      }, deadlineMs);
      const look: Listener = (changed, object, at) => {
        if (changed !== key) return;
        if (expectations[met.length]?.holds(object)) met.push({ at, object });
        if (met.length === expectations.length) {
          finish();
          resolve(met);
          return;
        }
        const why = hopeless?.(object);
        if (why === undefined) {
          clearTimeout(doomed);
          doomed = undefined;
        } else doomed ??= setTimeout(() => fail("", why), hopelessMs);
      };
      const stop = this.listen(look);
      const finish = () => {
        stop();
        clearTimeout(late);
        clearTimeout(doomed);
      };
      look(key, this.#known.get(key), this.#monotonic());
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection.close();
  }

  #take(key: string, object: KubeObject | undefined): void {
    const at = this.#monotonic();
    if (object === undefined) this.#known.delete(key);
    else this.#known.set(key, object);
    for (const listener of this.#listeners) listener(key, object, at);
  }
}
