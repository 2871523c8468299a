/** How current what a status says is: what the alert on stale applications goes by. */
import { expect, test } from "vitest";
import { freshness } from "../../../src/reconcile/freshness.ts";
import { ApplicationState } from "../../../src/reconcile/state.ts";
import { application } from "../status/fixtures.ts";

const now = 100_000;
const [lastRun, lastLook] = [40_000, 90_000];

/** Told 60 seconds ago; its source was looked at 10 seconds ago. */
function settled(spec: Record<string, unknown> = {}): ApplicationState {
  const state = new ApplicationState(application(spec));
  state.reconciledAt = lastRun;
  state.isSettled = true;
  state.source = {
    tracking: { lookedAt: () => lastLook },
  } as unknown as NonNullable<ApplicationState["source"]>;
  return state;
}

function ages(state: ApplicationState, { held = true, due = false } = {}): number[] {
  const queue = { isDue: () => due };
  return [...freshness([state], queue, { mayWrite: () => held }, now)].map(({ at }) => at);
}

test("at rest it is as current as the last look at its source", () => {
  expect(ages(settled())).toEqual([lastLook]);
});

test("with work that waits for a worker, looks at the source say nothing", () => {
  expect(ages(settled(), { due: true })).toEqual([lastRun]);
});

test("nor do they after a run that came to no end, or could not be told", () => {
  const state = settled();
  state.isSettled = false;
  expect(ages(state)).toEqual([lastRun]);
});

test("without a source to look at, only a change could make it older", () => {
  const state = settled();
  state.source = undefined;
  expect(ages(state)).toEqual([now]);
});

test("nothing is said of one that is suspended, or that another replica keeps", () => {
  expect(ages(settled({ suspend: true }))).toEqual([]);
  expect(ages(settled(), { held: false })).toEqual([]);
});
