/**
 * When a change arrived, as anybody outside can see it: by a watch. What is measured is read off
 * here, never asked of the controller.
 */
import { type Connection, connect } from "../../src/cluster/connection.ts";
import { createTransport, type Transport } from "../../src/cluster/transport.ts";
import { watchKind } from "../../src/cluster/watch.ts";
import { applicationResource } from "../../src/model/application.ts";
import type { KubeObject, ResourceKind } from "../../src/model/object.ts";
import type { Place } from "./workload.ts";

export const configMapResource: ResourceKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["list", "watch"],
};

export interface Sighting {
  /** By `performance.now()`. */
  readonly at: number;
  readonly object: KubeObject;
}

type Look = (sighting: Sighting) => void;

/** The objects of one kind in all namespaces. */
class KindSightings {
  readonly #what: string;
  readonly #latest = new Map<string, Sighting>();
  readonly #looks = new Map<string, Set<Look>>();

  constructor(what: string) {
    this.#what = what;
  }

  get({ namespace, name }: Place): KubeObject | undefined {
    return this.#latest.get(`${namespace}/${name}`)?.object;
  }

  /**
   * The first sighting for which `holds`: the latest one so far, or a later one. Each is shown to
   * `holds` once, so that it may remember what it has seen.
   *
   * @throws Error naming the object at the deadline
   */
  until(
    { namespace, name }: Place,
    what: string,
    holds: (object: KubeObject) => boolean,
    deadlineMs: number,
  ): Promise<Sighting> {
    const key = `${namespace}/${name}`;
    const { promise, resolve, reject } = Promise.withResolvers<Sighting>();
    const looks = this.#looks.get(key) ?? new Set<Look>();
    this.#looks.set(key, looks);
    const finish = () => {
      clearTimeout(timer);
      looks.delete(look);
    };
    const timer = setTimeout(() => {
      finish();
      const seen = JSON.stringify(this.#latest.get(key)?.object);
      reject(
        new Error(
          `${this.#what} ${key}: not ${what} within ${deadlineMs / 1000} s; last seen: ${seen}`,
        ),
      );
    }, deadlineMs);
    const look: Look = (sighting) => {
      if (!holds(sighting.object)) return;
      finish();
      resolve(sighting);
    };
    looks.add(look);
    const latest = this.#latest.get(key);
    if (latest !== undefined) look(latest);
    return promise;
  }

  take(object: KubeObject): void {
    const { namespace, name } = object.metadata;
    const key = `${namespace}/${name}`;
    const sighting = { at: performance.now(), object };
    this.#latest.set(key, sighting);
    for (const look of [...(this.#looks.get(key) ?? [])]) look(sighting);
  }

  forget({ metadata: { namespace, name } }: KubeObject): void {
    this.#latest.delete(`${namespace}/${name}`);
  }
}

export class Sightings {
  readonly applications = new KindSightings("Application");
  readonly configMaps = new KindSightings("ConfigMap");
  readonly #connection: Connection;
  readonly #stop = new AbortController();

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(kubeconfig: string): Promise<Sightings> {
    const connection = await connect({ kubeconfig });
    const sightings = new Sightings(connection);
    const transport = createTransport(connection, { maxInFlight: 4 });
    await Promise.all([
      sightings.#watch(transport, applicationResource, sightings.applications),
      sightings.#watch(transport, configMapResource, sightings.configMaps),
    ]);
    return sightings;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection.close();
  }

  /** Resolves when what is there is known. */
  #watch(transport: Transport, resource: ResourceKind, into: KindSightings): Promise<void> {
    return new Promise((resolve) => {
      void watchKind({
        transport,
        resource,
        metadataOnly: false,
        signal: this.#stop.signal,
        handler: {
          replaced: (objects) => {
            for (const object of objects) into.take(object);
            resolve();
          },
          changed: (object) => into.take(object),
          deleted: (object) => into.forget(object),
          unknown: () => {},
          resumed: () => {},
        },
      });
    });
  }
}
