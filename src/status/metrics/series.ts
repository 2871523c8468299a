/** Counters and histograms that carry an application's name: they go when the application goes. */
import type { Counter, Histogram } from "prom-client";
import { type Application, applicationKey } from "../../model/application.ts";

/** So many applications that are gone are remembered, against a run of theirs that ends late. */
const maxForgotten = 1_000;

type Extra = Record<string, string>;

export class ApplicationSeries {
  /** By application: what removes each of its series. */
  readonly #removals = new Map<string, Map<string, () => void>>();
  /** uids, the oldest first. */
  readonly #forgotten = new Set<string>();

  increment(application: Application, metric: Counter, extra: Extra = {}, by = 1): void {
    const labels = this.#labels(application, metric, extra);
    if (labels !== undefined) metric.inc(labels, by);
  }

  observe(application: Application, metric: Histogram, seconds: number): void {
    const labels = this.#labels(application, metric, {});
    if (labels !== undefined) metric.observe(labels, seconds);
  }

  /** Is it gone? A uid never comes back. */
  isForgotten(application: { uid: string }): boolean {
    return this.#forgotten.has(application.uid);
  }

  forget(application: Application): void {
    const key = applicationKey(application);
    for (const remove of this.#removals.get(key)?.values() ?? []) remove();
    this.#removals.delete(key);
    this.#forgotten.add(application.uid);
    const [oldest] = this.#forgotten;
    if (this.#forgotten.size > maxForgotten && oldest !== undefined) this.#forgotten.delete(oldest);
  }

  #labels(application: Application, metric: Counter | Histogram, extra: Extra): Extra | undefined {
    if (this.isForgotten(application)) return undefined;
    const { namespace, name } = application;
    const labels = { namespace, name, ...extra };
    const key = applicationKey(application);
    const removals = this.#removals.get(key) ?? new Map<string, () => void>();
    this.#removals.set(key, removals);
    const id = `${(metric as unknown as { name: string }).name} ${Object.values(extra).join(" ")}`;
    if (!removals.has(id)) removals.set(id, () => metric.remove(labels));
    return labels;
  }
}
