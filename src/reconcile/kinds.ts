/**
 * What kinds the cluster has, as it changes: a watch on CRDs makes discovery look again at once,
 * a timer finds the rest (aggregated APIs, an upgrade).
 */
import type { Discovery } from "../cluster/discovery.ts";
import type { Transport } from "../cluster/transport.ts";
import { watchKind } from "../cluster/watch.ts";
import type { GroupKind, KubeObject, ResourceKind } from "../model/object.ts";

export const crds: ResourceKind = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  namespaced: false,
  verbs: ["list", "watch"],
};

/** Installing an operator brings dozens of CRDs, each with several events. */
const gatherMs = 200;

export interface KindsOptions {
  transport: Transport;
  discovery: Discovery;
  intervalMs: number;
  /** CRDs are watched, too. They are of the whole cluster, which a controller of some namespaces may not see. */
  follow: boolean;
  signal: AbortSignal;
  /** Discovery has looked again. */
  onDiscovered(): void;
  /** A CRD's spec changed: which fields a claim names may mean something else now. */
  onSchema(gk: GroupKind): void;
  log(message: string, fields: Record<string, unknown>): void;
}

export class Kinds {
  readonly #options: KindsOptions;
  readonly #generations = new Map<string, number>();
  #gathering: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KindsOptions) {
    this.#options = options;
  }

  start(): void {
    const { transport, signal, intervalMs, follow, log } = this.#options;
    this.#timer = setInterval(() => void this.#discover(), intervalMs);
    this.#timer.unref();
    if (!follow) return;
    void watchKind({
      transport,
      resource: crds,
      metadataOnly: true,
      signal,
      handler: {
        replaced: (objects) => {
          for (const object of objects) this.#seen(object);
          this.#soon();
        },
        changed: (object) => {
          this.#seen(object);
          this.#soon();
        },
        deleted: (object) => {
          this.#generations.delete(object.metadata.name ?? "");
          this.#soon();
        },
        unknown: (why) => log("watch of CRDs lost", { why }),
        resumed: () => {},
      },
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#gathering);
  }

  #seen({ metadata }: KubeObject): void {
    const { name = "", generation = 0 } = metadata;
    const before = this.#generations.get(name);
    this.#generations.set(name, generation);
    if (before === undefined || before === generation) return;
    // A CRD is named `<plural>.<group>`.
    const group = name.slice(name.indexOf(".") + 1);
    const resource = name.slice(0, name.indexOf("."));
    const kind = this.#options.discovery
      .listable()
      .find((known) => known.group === group && known.resource === resource);
    if (kind !== undefined) this.#options.onSchema(kind);
  }

  #soon(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      void this.#discover();
    }, gatherMs).unref();
  }

  async #discover(): Promise<void> {
    const { discovery, signal, onDiscovered, log } = this.#options;
    try {
      await discovery.refresh(signal);
      onDiscovered();
    } catch (error) {
      if (!signal.aborted) log("discovery failed; what is known stays", { err: error });
    }
  }
}
