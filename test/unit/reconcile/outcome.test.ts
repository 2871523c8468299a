import { expect, test, vi } from "vitest";
import { refKey } from "../../../src/model/object.ts";
import type { Environment } from "../../../src/reconcile/environment.ts";
import { recordReports } from "../../../src/reconcile/outcome.ts";
import { ApplicationState } from "../../../src/reconcile/state.ts";
import { application } from "../status/fixtures.ts";

const ref = { group: "", kind: "ConfigMap", namespace: "shop", name: "a" };
const key = refKey(ref);
const drifted = {
  ref,
  outcome: "drifted" as const,
  drift: { fields: ["data.v"], manager: "rival" },
};

function setting(at: number) {
  const laterDirty = vi.fn();
  const env = {
    monotonic: () => at,
    metrics: { observeReport: () => {} },
    live: { get: () => undefined },
    followedHealth: () => undefined,
    log: { info: () => {}, warn: () => {} },
    laterDirty,
  } as unknown as Environment;
  return { env, laterDirty };
}

function fought(spec: Record<string, unknown>): ApplicationState {
  const state = new ApplicationState(application(spec));
  for (let heal = 0; heal < 5; heal++) state.fights.healed(key, 0);
  return state;
}

test.each([
  ["goes on", 500, 1_500],
  ["ended while the run was under way", 2_000, 0],
])("a damped heal is due once its pause is over, also when the pause %s", (_, at, due) => {
  const state = fought({ selfHeal: true });
  const { env, laterDirty } = setting(at);
  recordReports(state, [drifted], new Map(), env);
  expect(laterDirty).toHaveBeenCalledExactlyOnceWith(state, key, due);
  expect(state.reports.get(key)?.problem?.message).toMatch(/rival changes it back/);
});

test("drift that is only reported is not healed later either", () => {
  const state = fought({ selfHeal: false });
  const { env, laterDirty } = setting(2_000);
  recordReports(state, [drifted], new Map(), env);
  expect(laterDirty).not.toHaveBeenCalled();
});
