/**
 * One Lease, held by one replica: leader election as in client-go (tools/leaderelection).
 *
 * The Lease alone does not fence (invariant 11): a holder stops writing by its own monotonic clock
 * before the Lease can be taken by another, and every write carries preconditions besides.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { isStale } from "./api-error.ts";
import type { Objects } from "./objects.ts";

export const leaseKind: ResourceKind = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  resource: "leases",
  namespaced: true,
  verbs: ["get", "create", "patch"],
};

export interface LeaseLogger {
  info(context: object, message: string): void;
  warn(context: object, message: string): void;
}

export interface LeaseLockOptions {
  /** Of a transport of its own, without mayWrite and with few slots: a renewal must not queue behind applies. */
  objects: Objects;
  namespace: string;
  name: string;
  /** Unique among the replicas and kept by a restarted container: the pod's uid, or host_pid. */
  holder: string;
  durationMs: number;
  /** Between renewals, and between tries to acquire. */
  renewMs: number;
  /** Milliseconds since any fixed point; never set back. */
  monotonic: () => number;
  /** Only written into the Lease, for people; never compared. */
  now: () => Date;
  onAcquired(): void;
  onLost(): void;
  logger?: LeaseLogger;
}

interface LeaseSpec {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number | null;
  acquireTime?: string | null;
  renewTime?: string | null;
  leaseTransitions?: number | null;
}

interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

export class LeaseLock {
  readonly #o: LeaseLockOptions;
  /** Writing ends this long before others may take the Lease. */
  readonly #marginMs: number;
  /** When the last renewal that succeeded was SENT; undefined: not held. */
  #renewedAt: number | undefined;
  /** The Lease as we last saw it, and when we first saw it so: clocks of two machines are never compared. */
  #observed: { resourceVersion: string; at: number } | undefined;
  /** Aborted by release(): the loop ends, and nothing acquires any more. */
  readonly #released = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeaseLockOptions) {
    this.#o = options;
    this.#marginMs = options.durationMs / 3;
  }

  /**
   * True only while no other replica can hold the Lease: counted from before the renewing request
   * left, by the monotonic clock, so it turns false by itself while the process is stopped.
   */
  mayWrite(): boolean {
    return (
      !this.#released.signal.aborted &&
      this.#renewedAt !== undefined &&
      this.#o.monotonic() - this.#renewedAt < this.#o.durationMs - this.#marginMs
    );
  }

  /** Acquires, renews, loses and acquires again until it is aborted or released. Aborting does not release. */
  run(signal: AbortSignal): Promise<void> {
    this.#running = this.#loop(AbortSignal.any([signal, this.#released.signal]));
    return this.#running;
  }

  /** Gives the Lease up, so that another takes it at once. Call when nothing is being written any more. */
  async release(): Promise<void> {
    const held = this.#renewedAt !== undefined;
    this.#released.abort();
    await this.#running;
    if (!held) return;
    this.#renewedAt = undefined;
    try {
      await this.#giveUp();
    } catch (error) {
      this.#o.logger?.warn(
        { err: error },
        "the Lease could not be released; it runs out by itself",
      );
    } finally {
      this.#o.onLost();
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#expire();
      await this.#try(signal);
      if (signal.aborted) return;
      this.#expire();
      await delay(this.#pause(), undefined, { signal }).catch(() => {});
    }
  }

  async #giveUp(): Promise<void> {
    const { objects, namespace, name, holder, renewMs } = this.#o;
    const signal = AbortSignal.timeout(Math.max(renewMs, 1000));
    for (let tries = 1; ; tries += 1) {
      const lease = await this.#read(signal);
      if (lease?.spec?.holderIdentity !== holder) return;
      try {
        await objects.mergePatch(
          leaseKind,
          namespace,
          name,
          {
            metadata: { resourceVersion: lease.metadata.resourceVersion },
            // As client-go: one second, because zero is invalid.
            spec: { holderIdentity: "", leaseDurationSeconds: 1, renewTime: this.#time() },
          },
          { signal },
        );
        return;
      } catch (error) {
        // A renewal that was cut off when the loop ended may have arrived after the read.
        if (!isStale(error) || tries === 3) throw error;
      }
    }
  }

  async #try(signal: AbortSignal): Promise<void> {
    try {
      await this.#acquireOrRenew(signal);
    } catch (error) {
      if (signal.aborted) return;
      // Stale: another was faster. Everything else leaves what we hold until its time is over.
      if (!isStale(error))
        this.#o.logger?.warn({ err: error }, "the Lease could not be read or renewed");
    }
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#patience())]);
    const lease = await this.#read(limit);
    if (lease === undefined) {
      await this.#write(limit, undefined, 0);
      return;
    }
    const { resourceVersion = "" } = lease.metadata;
    const { holderIdentity, leaseTransitions } = lease.spec ?? {};
    const transitions = leaseTransitions ?? 0;
    if (holderIdentity === this.#o.holder) {
      // Ours, also after a restart of this container: nobody else writes this name.
      await this.#write(limit, lease, transitions);
      return;
    }
    this.#lose(`${holderIdentity || "nobody"} holds the Lease`);
    if (this.#observed?.resourceVersion !== resourceVersion)
      this.#observed = { resourceVersion, at: this.#o.monotonic() };
    const unheld = holderIdentity === undefined || holderIdentity === null || holderIdentity === "";
    const seconds = lease.spec?.leaseDurationSeconds ?? this.#o.durationMs / 1000;
    const still = this.#observed.at + seconds * 1000 - this.#o.monotonic();
    if (unheld || still <= 0) await this.#write(limit, lease, transitions + 1);
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { objects, namespace, name } = this.#o;
    return (await objects.get(leaseKind, namespace, name, { signal })) as Lease | undefined;
  }

  /** @param over the version that it replaces; undefined: create */
  async #write(signal: AbortSignal, over: Lease | undefined, transitions: number): Promise<void> {
    const { objects, namespace, name, holder, durationMs } = this.#o;
    const sentAt = this.#o.monotonic();
    const time = this.#time();
    const kept = over?.spec?.holderIdentity === holder ? over.spec.acquireTime : undefined;
    const spec: LeaseSpec = {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: kept ?? time,
      renewTime: time,
      leaseTransitions: transitions,
    };
    const resourceVersion = over?.metadata.resourceVersion;
    if (resourceVersion === undefined)
      await objects.create(
        leaseKind,
        {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { namespace, name },
          spec,
        },
        { signal },
      );
    else
      await objects.mergePatch(
        leaseKind,
        namespace,
        name,
        { metadata: { resourceVersion }, spec },
        { signal },
      );
    if (this.#released.signal.aborted) return;
    const first = this.#renewedAt === undefined;
    this.#renewedAt = sentAt;
    if (first) {
      this.#o.logger?.info({ lease: name, holder }, "holds the Lease");
      this.#o.onAcquired();
    }
  }

  /** Too late to write: the same as lost, whoever holds it now. */
  #expire(): void {
    if (this.#renewedAt !== undefined && !this.mayWrite()) this.#lose("it was not renewed in time");
  }

  #lose(why: string): void {
    if (this.#renewedAt === undefined) return;
    this.#renewedAt = undefined;
    this.#o.logger?.warn({ lease: this.#o.name, why }, "lost the Lease");
    this.#o.onLost();
  }

  /** How long one try may take: a holder's must end when its time to write does. */
  #patience(): number {
    if (this.#renewedAt === undefined) return this.#o.durationMs;
    const left = this.#renewedAt + this.#o.durationMs - this.#marginMs - this.#o.monotonic();
    return Math.max(1, Math.ceil(left));
  }

  #pause(): number {
    return this.#renewedAt === undefined
      ? this.#o.renewMs
      : Math.min(this.#o.renewMs, this.#patience());
  }

  /** metav1.MicroTime. */
  #time(): string {
    return this.#o.now().toISOString().replace("Z", "000Z");
  }
}
