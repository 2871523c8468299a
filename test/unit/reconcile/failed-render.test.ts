import { expect, test, vi } from "vitest";
import { Problem, type ProblemCode } from "../../../src/model/problem.ts";
import { resolveDesired } from "../../../src/reconcile/desired.ts";
import type { Environment } from "../../../src/reconcile/environment.ts";
import { ApplicationState } from "../../../src/reconcile/state.ts";
import type { Known } from "../../../src/source/tracking.ts";
import { application, commit, first } from "../status/fixtures.ts";

const minuteMs = 60_000;
const signal = new AbortController().signal;
const look = {
  revision: first,
  snapshot: async () => ({ revision: first, commit: commit(first) }),
} as unknown as Known;

function setting(code: ProblemCode) {
  const clock = { at: 0 };
  const render = vi.fn(async () => {
    throw new Problem(code, "deploy: no");
  });
  const env = {
    monotonic: () => clock.at,
    renderSeed: () => new Uint8Array(),
    metrics: { observeStage: () => {} },
    log: { info: () => {} },
    discovery: { apiVersions: { list: [], digest: "d" }, kubernetesVersion: "v1.36.3" },
    renderer: { render },
  } as unknown as Environment;
  const state = new ApplicationState(application());
  /** How often it was rendered by runs at these times. */
  const renders = async (...times: number[]) => {
    for (const at of times) {
      clock.at = at;
      await expect(resolveDesired(state, look, env, signal)).rejects.toMatchObject({ code });
    }
    return render.mock.calls.length;
  };
  return { renders };
}

test("a render that passed a limit is tried again after a minute, then after two", async () => {
  const { renders } = setting("LimitExceeded");
  expect(await renders(0, 1, minuteMs - 1)).toBe(1);
  expect(await renders(minuteMs)).toBe(2);
  expect(await renders(2 * minuteMs, 3 * minuteMs - 1)).toBe(2);
  expect(await renders(3 * minuteMs)).toBe(3);
});

test("a render that failed for good is not tried again for the same revision and spec", async () => {
  const { renders } = setting("InvalidManifest");
  expect(await renders(0, minuteMs, 1_000 * minuteMs)).toBe(1);
});

test("a render that waits for somebody is tried with each run", async () => {
  const { renders } = setting("PathNotFound");
  expect(await renders(0, 1)).toBe(2);
});
