/** Instruments of prom-client, made from the catalogue. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { type MetricDefinition, type MetricKey, metricCatalogue } from "./catalogue.ts";

type KeysOf<T extends MetricDefinition["type"]> = {
  [K in MetricKey]: (typeof metricCatalogue)[K]["type"] extends T ? K : never;
}[MetricKey];

type LabelsOf<K extends MetricKey> = (typeof metricCatalogue)[K]["labels"][number];

export function counter<K extends KeysOf<"counter">>(
  registry: Registry,
  key: K,
): Counter<LabelsOf<K>> {
  return new Counter(configuration(registry, key));
}

export function histogram<K extends KeysOf<"histogram">>(
  registry: Registry,
  key: K,
): Histogram<LabelsOf<K>> {
  const definition: MetricDefinition = metricCatalogue[key];
  return new Histogram({
    ...configuration(registry, key),
    buckets: [...(definition.buckets ?? [])],
  });
}

/** A gauge that is set anew at each scrape: between scrapes nothing is kept up to date. */
export function collected<K extends KeysOf<"gauge">>(
  registry: Registry,
  key: K,
  collect: (set: (labels: Record<LabelsOf<K>, string>, value: number) => void) => void,
): void {
  new Gauge({
    ...configuration(registry, key),
    collect() {
      this.reset();
      collect((labels, value) => this.set(labels, value));
    },
  });
}

function configuration<K extends MetricKey>(registry: Registry, key: K) {
  const { name, help, labels }: MetricDefinition = metricCatalogue[key];
  return { name, help, labelNames: [...labels] as LabelsOf<K>[], registers: [registry] };
}
