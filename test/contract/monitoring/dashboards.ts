/** The dashboards as Grafana reads them, as far as we hold them to something. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./promtool.ts";

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { type: string; uid: string };
  gridPos: { h: number; w: number; x: number; y: number };
  fieldConfig?: { defaults: { unit?: string; thresholds?: { mode: string; steps: unknown[] } } };
  targets?: { expr: string; refId: string; datasource?: { uid: string } }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
}

const directory = join(root, "deploy/monitoring/dashboards");

/** By file name. */
export function dashboards(): Map<string, Dashboard> {
  return new Map(
    readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [name, JSON.parse(readFileSync(join(directory, name), "utf8")) as Dashboard]),
  );
}

/** Every expression of a dashboard as Prometheus gets it: Grafana's variables filled in. */
export function expressionsOf({ panels, templating }: Dashboard): string[] {
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const listed = templating.list.flatMap(({ definition = "" }) => {
    const [, selector] = /^label_values\((.*), \w+\)$/.exec(definition) ?? [];
    return selector === undefined ? [] : [selector];
  });
  return [...asked, ...listed].map((expr) =>
    expr
      .replaceAll("$__rate_interval", "5m")
      .replaceAll("$__range_s", "86400")
      .replaceAll("$__range", "1d")
      .replaceAll(/\$(namespace|name|owner)/g, ".*"),
  );
}
