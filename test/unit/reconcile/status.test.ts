import { expect, test } from "vitest";
import type { ApplicationStatus } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import type { Environment } from "../../../src/reconcile/environment.ts";
import { ApplicationState } from "../../../src/reconcile/state.ts";
import { writeStatus } from "../../../src/reconcile/status.ts";
import { application, first } from "../status/fixtures.ts";

function setting() {
  const written: ApplicationStatus[] = [];
  const told: string[] = [];
  const env = {
    now: () => new Date("2026-03-01T12:00:00Z"),
    metrics: { setApplication: () => {} },
    events: {
      record: (_: unknown, events: { reason: string }[]) =>
        told.push(...events.map(({ reason }) => reason)),
    },
    reporting: () => ({
      jsonPatch: async (...[, , , operations]: [unknown, unknown, unknown, { value: unknown }[]]) =>
        written.push(operations.at(-1)?.value as ApplicationStatus),
    }),
    learnApplication: () => {},
  } as unknown as Environment;
  return { env, written, told };
}

test("a refresh is answered with the outcome of its run, not while that is under way", async () => {
  const { env, written } = setting();
  const state = new ApplicationState(application());
  state.handledRefresh = "look";
  await writeStatus(state, { pending: true, revision: first }, env);
  expect(written.map(({ lastHandledRefresh }) => lastHandledRefresh)).toEqual([undefined]);
  const problem = new Problem("InvalidManifest", "no YAML");
  await writeStatus(state, { problem, revision: first }, env);
  expect(written.map(({ lastHandledRefresh }) => lastHandledRefresh)).toEqual([undefined, "look"]);
});

test("a rollback that ended before it began is told once, though the status stays the same", async () => {
  const { env, written, told } = setting();
  const state = new ApplicationState(application());
  const problem = new Problem("InvalidManifest", "no YAML");
  await writeStatus(state, { problem }, env);
  told.length = 0;
  state.rollbackEnd = { to: "1".repeat(40), unmade: true, why: "its time has passed" };
  await writeStatus(state, { problem }, env);
  await writeStatus(state, { problem }, env);
  expect(told).toEqual(["RollbackEnded"]);
  expect(written).toHaveLength(1);
});
