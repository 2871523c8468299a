import { beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "../../../src/model/problem.ts";
import { type AlertCase, alertCases } from "./alert-cases.ts";
import { promtool, type Rule, type RuleFile, shippedRules } from "./promtool.ts";

let rules: RuleFile;
let alerts: Rule[];
beforeAll(async () => {
  rules = await shippedRules();
  alerts = rules.groups.flatMap((group) => group.rules).filter((rule) => rule.alert !== undefined);
});

const app = { namespace: "team-a", name: "shop" };
const runbook = "https://wiki.example/shop";
const info = (labels: Record<string, string> = {}) =>
  series("mooring_application_info", {
    ...app,
    pod: "mooring-0",
    mode: "enforce",
    owner: "shop-team",
    runbook,
    ...labels,
  });

function series(name: string, labels: Readonly<Record<string, string>>): string {
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${text.join(",")}}`;
}

/** The condition begins at the first of these minutes, and is gone at the second. */
const [beginsAt, endsAt] = [10, 60];

interface Scene {
  /** What is scraped besides the series of the case, for two hours. */
  others: readonly string[];
  /** Which replicas tell of the condition. */
  replicas?: readonly string[];
  owner: string;
  runbook?: string;
}

/** promtool's test of alerts: each fires when due and not a minute before, is held through a gap, and ends. */
function promtoolTest(cases: readonly AlertCase[], scene: Scene) {
  return {
    interval: "1m",
    input_series: [
      ...cases.flatMap((one) =>
        one.series.flatMap(({ metric, labels, before = "_x10", during }) =>
          (scene.replicas ?? ["mooring-0"]).map((pod) => ({
            series: series(metric, { ...app, pod, ...labels }),
            values: `${before} ${during} stale`,
          })),
        ),
      ),
      ...scene.others.map((text) => ({ series: text, values: "1x120" })),
    ],
    alert_rule_test: cases.flatMap((one) => checksOf(one, scene)),
  };
}

function checksOf(one: AlertCase, scene: Scene) {
  const rule = alerts.find(({ alert }) => alert === one.alert);
  const expected = {
    exp_labels: { ...app, severity: one.severity, owner: scene.owner, ...one.labels },
    exp_annotations: {
      summary: one.summary,
      description: one.description,
      runbook_url: rule?.annotations?.runbook_url,
      application_runbook: scene.runbook ?? "",
    },
  };
  const at = (minute: number, fires: boolean) => ({
    eval_time: `${minute}m`,
    alertname: one.alert,
    exp_alerts: fires ? [expected] : [],
  });
  const held = Number.parseInt(rule?.keep_firing_for ?? "0", 10);
  return [
    at(beginsAt + one.waits - 1, false),
    at(beginsAt + one.waits, true),
    at(endsAt + held - 1, true),
    at(endsAt + held + 1, false),
  ];
}

async function passes(...tests: unknown[]): Promise<void> {
  const files = {
    "rules.yaml": rules,
    "test.yaml": { rule_files: ["rules.yaml"], evaluation_interval: "1m", tests },
  };
  const { passed, said } = await promtool(["test", "rules"], files, ["test.yaml"]);
  expect(passed, said).toBe(true);
}

test("promtool finds no fault in the rules", async () => {
  const { passed, said } = await promtool(["check", "rules", "--lint=all", "--lint-fatal"], {
    "rules.yaml": rules,
  });
  expect(passed, said).toBe(true);
});

test("each alert on Applications has a case here", () => {
  expect(alertCases.map(({ alert }) => alert).sort()).toEqual(
    alerts.flatMap(({ alert = "" }) => (alert === "MooringControllerDown" ? [] : [alert])).sort(),
  );
});

test("each alert has a severity to route by, and its text", () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(["critical", "warning"], alert).toContain(labels?.severity);
    for (const name of ["summary", "description", "runbook_url"])
      expect(annotations?.[name], `${alert} ${name}`).toBeTruthy();
  }
});

/** Of one Application that has everything at once: each test of promtool costs a second of a busy machine. */
describe("every alert on Applications", () => {
  const inScene = (scene: Scene) => passes(promtoolTest(alertCases, scene));

  test("fires when it is due and not before, tells the owner, outlasts a failover, and ends", () =>
    inScene({ others: [info()], owner: "shop-team", runbook }));

  test("goes to the platform team where the Application names no owner", () =>
    inScene({ others: [info({ owner: "", runbook: "" })], owner: "platform" }));

  test("is not lost where the info metric is missing, and nothing else is told", () =>
    passes(...alertCases.map((one) => promtoolTest([one], { others: [], owner: "platform" }))));

  test("fires once where two replicas tell of the same Application", () =>
    inScene({
      others: [info(), info({ pod: "mooring-1", repo: "moved" })],
      replicas: ["mooring-0", "mooring-1"],
      owner: "shop-team",
      runbook,
    }));

  test("fires once where two of them name different owners", () => {
    const others = [info(), info({ pod: "mooring-1", owner: "another-team" })];
    const { alert_rule_test: _who, ...scene } = promtoolTest(alertCases, { others, owner: "" });
    const once = ({ alert }: AlertCase) => ({
      expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
      eval_time: "50m",
      exp_samples: [{ labels: "{}", value: 1 }],
    });
    return passes({ ...scene, promql_expr_test: alertCases.map(once) });
  });
});

test("mode observe promises to compare only: neither a difference nor drift fires in it", () => {
  const silent = ["MooringApplicationOutOfSync", "MooringDrift"];
  const cases = alertCases.filter(({ alert }) => silent.includes(alert));
  const others = [info({ mode: "observe" })];
  const { alert_rule_test: checks, ...scene } = promtoolTest(cases, { others, owner: "" });
  return passes({
    ...scene,
    alert_rule_test: checks.map((check) => ({ ...check, exp_alerts: [] })),
  });
});

test("objects that are missing page somebody only where they are applied", () => {
  const missing = (mode: string) => ({
    interval: "1m",
    input_series: [
      { series: info({ mode }), values: "1x30" },
      {
        series: series("mooring_application_health_state", { ...app, state: "Missing" }),
        values: "1x30",
      },
    ],
  });
  const told = { ...app, severity: "critical", owner: "shop-team", state: "Missing" };
  return passes(
    { ...missing("enforce"), promql_expr_test: [firing("MooringHealthDegraded", 6, told)] },
    { ...missing("warn"), promql_expr_test: [firing("MooringHealthDegraded", 30)] },
    { ...missing("observe"), promql_expr_test: [firing("MooringHealthDegraded", 30)] },
  );
});

test("what a commit made different in warn accuses nobody of drift", () => {
  const differs = (mode: string, manager: string) => ({
    interval: "1m",
    input_series: [
      { series: info({ mode }), values: "1x30" },
      {
        series: series("mooring_application_drift_age_seconds", { ...app, manager }),
        values: "301x30",
      },
    ],
  });
  const told = (manager: string) =>
    firing("MooringDrift", 5, { ...app, severity: "warning", owner: "shop-team", manager });
  return passes(
    { ...differs("warn", "unknown"), promql_expr_test: [firing("MooringDrift", 30)] },
    { ...differs("warn", "kubectl-edit"), promql_expr_test: [told("kubectl-edit")] },
    { ...differs("enforce", "unknown"), promql_expr_test: [told("unknown")] },
  );
});

const firing = (alertname: string, minute: number, ...labels: Record<string, string>[]) => ({
  expr: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
  eval_time: `${minute}m`,
  exp_samples: labels.map((own) => ({
    labels: series("ALERTS", { alertname, alertstate: "firing", ...own }),
    value: 1,
  })),
});

test("a drift that is healed and comes back each time fires as well", () =>
  passes({
    interval: "1m",
    input_series: [
      {
        series: series("mooring_application_drift_age_seconds", { ...app, manager: "an-operator" }),
        values: "10x30",
      },
      {
        series: series("mooring_application_problems", { ...app, code: "FieldFight" }),
        values: "_x10 1x20",
      },
    ],
    promql_expr_test: [
      firing("MooringDrift", 9),
      firing("MooringDrift", 12, {
        ...app,
        severity: "warning",
        owner: "platform",
        manager: "an-operator",
      }),
      firing("MooringSyncFailed", 30),
    ],
  }));

test("a refusal that was gone before the next scrape is told for ten minutes", () =>
  passes({
    interval: "1m",
    input_series: [
      { series: info(), values: "1x60" },
      {
        series: series("mooring_problems_total", { ...app, code: "AdmissionDenied" }),
        values: "3x10 4x50",
      },
    ],
    promql_expr_test: [
      firing("MooringSecurityRefusal", 10),
      firing("MooringSecurityRefusal", 12, {
        ...app,
        severity: "warning",
        owner: "shop-team",
        code: "AdmissionDenied",
      }),
      firing("MooringSecurityRefusal", 25),
    ],
  }));

describe("each code of the error catalogue", () => {
  const codes = Object.keys(catalogue);
  /** Told by another alert: of drift, of a held prune; or, of what Git no longer has, by being out of sync. */
  const elsewhere = ["Extraneous", "FieldFight", "Fenced", "PruneHeld", "PruneWaits"];

  test("makes exactly one alert fire, but for those that another metric tells of", () => {
    const alertsOf = (code: string) =>
      ["MooringSyncFailed", "MooringSourceFailing", "MooringSecurityRefusal"].map((alert) => ({
        alert,
        fires: matches(alert, code),
      }));
    for (const code of codes)
      expect(alertsOf(code).filter(({ fires }) => fires).length, code).toBe(
        elsewhere.includes(code) ? 0 : 1,
      );
  });

  test("that an expression names is one", () => {
    for (const { alert, expr } of alerts)
      for (const [, pattern = ""] of expr.matchAll(/code(?:=|=~|!~)"([^"]+)"/g))
        for (const code of pattern.split("|")) expect(codes, alert).toContain(code);
  });

  function matches(alert: string, code: string): boolean {
    const { expr = "" } = alerts.find((rule) => rule.alert === alert) ?? {};
    const [, operator, pattern = ""] =
      /mooring_application_problems\{code(=~|!~)"([^"]+)"/.exec(expr) ?? [];
    return pattern.split("|").includes(code) === (operator === "=~");
  }
});

describe("MooringControllerDown", () => {
  const place = { namespace: "mooring-system" };
  const built = (pod: string) => series("mooring_build_info", { ...place, pod, version: "1" });
  const shard = (pod: string, name = "0") =>
    series("mooring_shard_held", { ...place, pod, shard: name });
  const runbook_url = "https://mooring.dev/docs/runbooks/controller-down.md";
  const base = { severity: "critical", owner: "platform" };

  test("fires where nobody is scraped for 5 minutes, and ends when somebody is", () => {
    const down = {
      exp_labels: base,
      exp_annotations: {
        summary: "Mooring is not at work",
        description:
          "For 5 minutes no controller has answered to be scraped. Nothing is deployed, healed or pruned; what is deployed goes on running. Begin with `mooring check`; then look at the Pods of Deployment mooring, their log, and the Leases beside them.",
        runbook_url,
      },
    };
    const at = (minute: number, ...exp_alerts: unknown[]) => ({
      eval_time: `${minute}m`,
      alertname: "MooringControllerDown",
      exp_alerts,
    });
    return passes({
      interval: "1m",
      input_series: [{ series: built("mooring-0"), values: "1x9 stale _x19 1x30" }],
      alert_rule_test: [at(9), at(14), at(15, down), at(29, down), at(31)],
    });
  });

  test("fires where replicas answer and nobody holds a shard, and names the shard", () => {
    const down = {
      exp_labels: { ...base, ...place, shard: "1" },
      exp_annotations: {
        summary: "Mooring is not at work: nobody holds shard 1",
        description:
          "For 5 minutes no replica in mooring-system has held the Lease of shard 1. Nothing is deployed, healed or pruned; what is deployed goes on running. Begin with `mooring check`; then look at the Pods of Deployment mooring, their log, and the Leases beside them.",
        runbook_url,
      },
    };
    const at = (minute: number, ...exp_alerts: unknown[]) => ({
      eval_time: `${minute}m`,
      alertname: "MooringControllerDown",
      exp_alerts,
    });
    return passes({
      interval: "1m",
      input_series: [
        { series: built("mooring-0"), values: "1x60" },
        { series: built("mooring-1"), values: "1x60" },
        { series: shard("mooring-0"), values: "1x60" },
        { series: shard("mooring-1"), values: "0x60" },
        { series: shard("mooring-0", "1"), values: "1x9 0x49" },
        { series: shard("mooring-1", "1"), values: "0x29 1x30" },
      ],
      alert_rule_test: [at(9), at(14), at(15, down), at(29, down), at(31)],
    });
  });

  test("does not fire through a failover, nor for a standby replica that went away", () =>
    passes({
      interval: "1m",
      input_series: [
        { series: built("mooring-0"), values: "1x10 stale" },
        { series: built("mooring-1"), values: "1x60" },
        { series: shard("mooring-0"), values: "1x10 stale" },
        { series: shard("mooring-1"), values: "0x14 1x45" },
      ],
      promql_expr_test: [12, 16, 30].map((minute) => firing("MooringControllerDown", minute)),
    }));
});
