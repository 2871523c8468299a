import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allMarkdown } from "../../unit/docs/markdown.ts";
import { dashboards, expressionsOf } from "./dashboards.ts";
import { kustomized, promtool, root, shippedRules } from "./promtool.ts";

const all = [...dashboards()].map(([file, dashboard]) => ({ file, dashboard }));

test("there is one of everything, of the controller, and of the delivery", () => {
  expect(all.map(({ file }) => file).sort()).toEqual([
    "mooring-controller.json",
    "mooring-delivery.json",
    "mooring-overview.json",
  ]);
});

test("all are in the ConfigMap that Grafana's sidecar looks for", async () => {
  const objects = await kustomized(join(root, "deploy/monitoring"));
  const map = objects.find(({ kind }) => kind === "ConfigMap");
  expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
  expect(Object.keys(map?.data ?? {}).sort()).toEqual(all.map(({ file }) => file).sort());
});

test("the ServiceMonitor leaves the Application's namespace in its series", async () => {
  const objects = await kustomized(join(root, "deploy/monitoring"));
  const monitor = objects.find(({ kind }) => kind === "ServiceMonitor");
  expect(monitor?.spec).toMatchObject({ endpoints: [{ honorLabels: true }] });
});

describe.each(all)("$file", ({ file, dashboard }) => {
  const drawn = dashboard.panels.filter(({ type }) => type !== "row");

  test("is of a schema that Grafana 11 and later read, by a uid that links can name", () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(`${dashboard.uid}.json`).toBe(file);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test("asks the Prometheus that is chosen, and no other", () => {
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: "datasource", type: "datasource", query: "prometheus" }),
    );
    for (const { title, datasource, targets = [] } of drawn)
      for (const uid of [datasource?.uid, ...targets.map((target) => target.datasource?.uid)])
        expect(uid, title).toBe(["$", "{datasource}"].join(""));
  });

  test("defines every variable that it uses, and uses every one", () => {
    const defined = dashboard.templating.list.map(({ name }) => name);
    const text = JSON.stringify([dashboard.panels, dashboard.templating]);
    const used = [...text.matchAll(/\$\{?(?!__)([a-z]+)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(defined.sort());
  });

  test("has a unit and thresholds in each panel, and no panel over another", () => {
    const taken = new Set<string>();
    for (const { title, gridPos, fieldConfig, targets = [] } of drawn) {
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(fieldConfig?.defaults.thresholds?.steps.length, title).toBeGreaterThan(0);
      expect(targets.length, title).toBeGreaterThan(0);
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
    }
  });
});

test("promtool parses every expression of the dashboards", async () => {
  const rules = all.flatMap(({ file, dashboard }) =>
    expressionsOf(dashboard).map((expr, index) => ({
      record: `${file.replace(/\W/g, "_")}:${index}`,
      expr,
    })),
  );
  expect(rules.length).toBeGreaterThan(60);
  const { passed, said } = await promtool(["check", "rules"], {
    "rules.yaml": { groups: [{ name: "dashboards", rules }] },
  });
  expect(passed, said).toBe(true);
});

test("promtool parses every expression of the README and the docs", async () => {
  const exprs = allMarkdown().flatMap(({ path }) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/`([^`\n]*\b(?:mooring|argocd_app)_[a-z][^`\n]*)`/g)].map(
      ([, expr = ""]) => ({ path, expr }),
    );
  });
  expect(exprs.filter(({ expr }) => /[({]/.test(expr)).length).toBeGreaterThan(5);
  const rules = exprs.map(({ path, expr }, index) => ({
    record: `docs:${index}`,
    labels: { path: path.replace(/\W/g, "_") },
    // What is to be put behind an expression.
    expr: /^[*/]/.test(expr) ? `vector(1) ${expr}` : expr,
  }));
  const { passed, said } = await promtool(["check", "rules"], {
    "rules.yaml": { groups: [{ name: "docs", rules }] },
  });
  expect(passed, said).toBe(true);
});

test("what a dashboard reads of recorded series is recorded", async () => {
  const recorded = (await shippedRules()).groups.flatMap(({ rules }) =>
    rules.map(({ record }) => record),
  );
  const named = all.flatMap(({ dashboard }) =>
    expressionsOf(dashboard).flatMap((expr) => expr.match(/mooring:[\w:]+/g) ?? []),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(recorded).toContain(name);
});
