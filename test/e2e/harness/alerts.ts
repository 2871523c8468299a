/** Which alerts Prometheus raises over what a controller really told, by the rules that are shipped. */
import { promtool, shippedRules } from "../../contract/monitoring/promtool.ts";
import type { Sample } from "./metrics.ts";

/** Long enough for every `for` of the rules. */
const minutes = 30;

export interface FiringAlert {
  alertname: string;
  namespace?: string;
  name?: string;
  owner?: string;
}

/**
 * Has promtool scrape these samples every minute for half an hour, and evaluate the rules: ages
 * grow with the time, everything else stays as it was seen.
 * @throws Error with what fires instead, unless it is exactly these
 */
export async function expectFiring(
  samples: readonly Sample[],
  expected: readonly FiringAlert[],
): Promise<void> {
  const test = {
    interval: "1m",
    input_series: samples
      .filter(({ name, value }) => name.startsWith("mooring_") && Number.isFinite(value))
      .map(({ name, labels, value }) => ({
        series: `${name}${labelled(labels)}`,
        values: `${value}${name.endsWith("_age_seconds") ? "+60" : "+0"}x${minutes}`,
      })),
    promql_expr_test: [
      {
        expr: 'count by (alertname, namespace, name, owner) (ALERTS{alertstate="firing"})',
        eval_time: `${minutes}m`,
        exp_samples: expected.map((alert) => ({ labels: labelled({ ...alert }), value: 1 })),
      },
    ],
  };
  const files = {
    "rules.yaml": await shippedRules(),
    "test.yaml": { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests: [test] },
  };
  const { passed, said } = await promtool(["test", "rules"], files, ["test.yaml"]);
  if (!passed) throw new Error(`other alerts than these fire:\n${said}`);
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${text.join(",")}}`;
}
