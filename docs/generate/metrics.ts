/** Every metric, from the catalogue that the registry is built from. */
import {
  type MetricDefinition,
  metricCatalogue,
  metricTable,
  seriesPerApplication,
} from "../../src/status/metrics/catalogue.ts";
import { code, table } from "./markdown.ts";
import { type Page, page } from "./page.ts";

export function metricsPage(): Page {
  const all = Object.values<MetricDefinition>(metricCatalogue);
  return page("docs/reference/metrics.md", "src/status/metrics/catalogue.ts", [
    "# Metrics",
    "`/metrics`, next to `/healthz` and `/readyz`, on port 8080 (`--listen`). Besides these there are prom-client's `process_*` and `nodejs_*`. How to alert on them is in [monitoring](../how-to/monitoring.md).",
    "Only the replica that holds an Application's shard reports it. States are one series for each Application, whose label says which: alert on `... == 1`, count with `count by (state)`. `owner` and `runbook` are labels of `mooring_application_info` alone; join it with `group_left`.",
    `An Application has at most ${seriesPerApplication.usual} series as long as it is deployed and healthy, and never more than ${seriesPerApplication.most}, whatever happens to it: 1,000 of them make ${thousands(seriesPerApplication.usual)} to ${thousands(seriesPerApplication.most)}. One that is deleted leaves none.`,
    metricTable(),
    "## Buckets",
    "Upper bounds of the histograms, in seconds.",
    table(
      ["histogram", "buckets"],
      all.flatMap(({ name, buckets }) =>
        buckets === undefined ? [] : [[code(name), buckets.join(", ")]],
      ),
    ),
  ]);
}

/** Of 1,000 times so many: `40,000`. */
function thousands(each: number): string {
  return `${each},000`;
}
