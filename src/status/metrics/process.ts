/** Metrics of the process: prom-client's, and the event loop's delay by perf_hooks. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, type Registry } from "prom-client";
import { collected } from "./instruments.ts";

/** Milliseconds between samples: 0.07 % of a core, where prom-client's 10 take 0.4 %. */
const resolution = 100;
/** prom-client's own monitor cannot be switched off; this often it costs nothing. */
const never = 3_600_000;
const quantiles = ["0.5", "0.99", "1"];

export function collectProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: never });
  // What it would say of a loop that it does not watch.
  for (const part of ["min", "max", "mean", "stddev", "p50", "p90", "p99"])
    registry.removeSingleMetric(`nodejs_eventloop_lag_${part}_seconds`);
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  collected(registry, "eventLoopDelay", (set) => {
    for (const quantile of quantiles) {
      // Nanoseconds from sample to sample, of which the resolution is no delay.
      const late = delay.percentile(Number(quantile) * 100) / 1e6 - resolution;
      set({ quantile }, delay.count === 0 ? 0 : Math.max(0, late) / 1000);
    }
    delay.reset();
  });
}
