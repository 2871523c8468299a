import { describe, expect, test } from "vitest";
import { type ApplicationStatus, applicationStatus } from "../../../src/model/application.ts";
import { conditionTypes } from "../../../src/model/condition.ts";
import { Problem } from "../../../src/model/problem.ts";
import { nextStatus, type StatusInput, statusEquals } from "../../../src/status/conditions.ts";
import { settled } from "../../../src/status/outcome.ts";
import {
  application,
  commit,
  condition,
  deployment,
  first,
  later,
  object,
  report,
  second,
  start,
  summary,
} from "./fixtures.ts";

function status(input: Partial<StatusInput> = {}): ApplicationStatus {
  return nextStatus({ application: application(), now: start, ...input });
}

/** One good run at the first revision. */
function good(spec: Record<string, unknown> = {}): ApplicationStatus {
  return status({
    application: application(spec),
    revision: first,
    commit: commit(first),
    report: report(first, object("web", "created"), object("api", "created")),
  });
}

const unreachable = () => new Problem("SourceUnreachable", "git.example does not answer");

describe("Ready", () => {
  test("is True after everything was applied and is healthy, at this generation and revision", () => {
    const result = good();
    expect(summary(result)).toBe(
      "Ready=True/Ready Reconciling=False/Reconciled Stalled=False/NotStalled Synced=True/Synced Healthy=True/Healthy Drifted=False/NoDrift",
    );
    expect(result.observedGeneration).toBe(1);
    expect(result.revision).toBe(first);
    expect(result.sync).toBe("Synced");
    expect(result.health).toBe("Healthy");
    expect(condition(result, "Ready").message).toContain(first);
  });

  test("is not True while a new revision is under way, and says so", () => {
    const result = status({
      application: application({}, { status: good() }),
      now: later(60),
      revision: second,
      reconciling: { reason: "Applying", message: "2 of 4 objects" },
    });
    expect(condition(result, "Ready").status).toBe("Unknown");
    expect(condition(result, "Synced").status).not.toBe("True");
    expect(condition(result, "Reconciling")).toMatchObject({ status: "True", reason: "Applying" });
    expect(result.revision).toBe(first);
    expect(result.attemptedRevision).toBe(second);
  });

  test("is not True for a new generation before its run has a result", () => {
    const changed = application({ prune: true }, { status: good(), generation: 2 });
    const result = status({ application: changed, now: later(60) });
    expect(condition(result, "Ready")).toMatchObject({ status: "Unknown", observedGeneration: 2 });
  });

  test("stays True while the same revision is looked at again", () => {
    const before = good();
    const result = status({ application: application({}, { status: before }), now: later(60) });
    expect(condition(result, "Ready")).toEqual(condition(before, "Ready"));
  });

  test("is not True when the report is of an older revision than the run", () => {
    const result = status({
      application: application({}, { status: good() }),
      now: later(60),
      revision: second,
      report: report(first, object("web", "unchanged")),
    });
    expect(condition(result, "Ready").status).not.toBe("True");
    expect(result.revision).toBe(first);
  });

  test("is not True while health was not read", () => {
    const { health: _unread, ...unread } = object("web", "created");
    const result = status({ revision: first, report: report(first, unread) });
    expect(condition(result, "Healthy").status).toBe("Unknown");
    expect(condition(result, "Ready").status).toBe("Unknown");
  });
});

describe("Synced and Healthy are told apart", () => {
  test("a crash loop leaves Synced True, makes Healthy False and names the object", () => {
    const result = status({
      revision: first,
      report: report(
        first,
        object("web", "created", {
          health: { state: "Degraded", message: "container app: CrashLoopBackOff" },
        }),
        object("api", "created"),
      ),
    });
    expect(condition(result, "Synced").status).toBe("True");
    expect(condition(result, "Healthy")).toMatchObject({ status: "False", reason: "Degraded" });
    expect(condition(result, "Healthy").message).toContain("Deployment.apps shop/web");
    expect(condition(result, "Healthy").message).toContain("CrashLoopBackOff");
    expect(condition(result, "Ready")).toMatchObject({ status: "False", reason: "Degraded" });
    expect(result.health).toBe("Degraded");
  });

  test("a rollout that does not come to its end names the command that tells why", () => {
    const rolling = object("web", "configured", {
      health: { state: "Progressing", message: "3 of 4 replicas available" },
    });
    const result = status({ revision: first, report: report(first, rolling) });
    for (const type of ["Ready", "Healthy"] as const)
      expect(condition(result, type).message).toBe(
        "Deployment.apps shop/web: 3 of 4 replicas available. If it stays so, see kubectl get pods -n shop.",
      );
  });

  test("a rollout that goes on is Progressing, and Reconciling", () => {
    const rolling = object("web", "created", {
      health: { state: "Progressing", message: "0 of 1 replicas are ready" },
    });
    const result = status({ revision: first, report: report(first, rolling) });
    expect(condition(result, "Healthy")).toMatchObject({ status: "False", reason: "Progressing" });
    expect(condition(result, "Ready").status).toBe("Unknown");
    expect(condition(result, "Reconciling").status).toBe("True");
  });

  test("a refused object does not hide that a sibling is degraded", () => {
    const problem = new Problem("Forbidden", "may not patch", { object: deployment("role") });
    const refused = { ref: deployment("role"), outcome: "refused" as const, problem };
    const bad = object("web", "unchanged", { health: { state: "Degraded", message: "down" } });
    const result = status({ revision: first, report: report(first, refused, bad) });
    expect(result.health).toBe("Degraded");
  });
});

describe("a problem of the run", () => {
  test("keeps the last good state and tells the problem", () => {
    const before = good();
    const result = status({
      application: application({}, { status: before }),
      now: later(60),
      problem: unreachable(),
      report: report(first, object("web", "unchanged"), object("api", "unchanged")),
    });
    for (const field of ["revision", "commit", "objects", "history", "health"] as const)
      expect(result[field], field).toEqual(before[field]);
    expect(condition(result, "Ready")).toMatchObject({
      status: "False",
      reason: "SourceUnreachable",
    });
    expect(condition(result, "Ready").message).toContain("Check that the Git server answers");
    expect(result.sync).toBe("Unknown");
    expect(condition(result, "Healthy")).toEqual(condition(before, "Healthy"));
  });

  test("of a controller that has looked at no object yet: health and drift are unknown, the rest stays", () => {
    const before = good();
    const result = status({
      application: application({}, { status: before }),
      now: later(60),
      problem: unreachable(),
    });
    expect(summary(result)).toContain("Healthy=Unknown/SourceUnreachable Drifted=Unknown");
    expect(result.health).toBe("Unknown");
    for (const field of ["revision", "commit", "objects", "history"] as const)
      expect(result[field], field).toEqual(before[field]);
    expect(condition(result, "Healthy").message).toContain("since the controller started");
  });

  test("that is tried again is Reconciling, not Stalled; one that waits for somebody is Stalled", () => {
    const transient = status({ problem: unreachable() });
    expect(condition(transient, "Reconciling")).toMatchObject({
      status: "True",
      reason: "SourceUnreachable",
    });
    expect(condition(transient, "Stalled").status).toBe("False");
    const blocked = status({ problem: new Problem("RevisionNotFound", "no branch prod") });
    expect(condition(blocked, "Stalled")).toMatchObject({
      status: "True",
      reason: "RevisionNotFound",
    });
    expect(condition(blocked, "Reconciling").status).toBe("False");
  });

  test("that is not tried again any more is Stalled", () => {
    const result = status({ problem: unreachable(), givenUp: true });
    expect(condition(result, "Stalled").status).toBe("True");
  });

  test("with a newer revision that does not render is OutOfSync; health goes on being told", () => {
    const before = good();
    const result = status({
      application: application({}, { status: before }),
      now: later(60),
      revision: second,
      problem: new Problem("InvalidManifest", "not YAML", { origin: "web.yaml:3" }),
      report: report(
        first,
        object("web", "unchanged", { health: { state: "Degraded", message: "x" } }),
      ),
    });
    expect(condition(result, "Synced")).toMatchObject({
      status: "False",
      reason: "InvalidManifest",
    });
    expect(condition(result, "Synced").message).toContain("web.yaml:3");
    expect(result.health).toBe("Degraded");
    expect(result.revision).toBe(first);
    expect(result.history).toEqual(before.history);
  });

  test("with objects not attempted shows the partial application", () => {
    const result = status({
      revision: first,
      problem: new Problem("DeadlineExceeded", "5m"),
      report: report(first, object("web", "created"), {
        ref: deployment("api"),
        outcome: "not-attempted",
      }),
    });
    expect(condition(result, "Synced")).toMatchObject({
      status: "False",
      reason: "DeadlineExceeded",
    });
    expect(condition(result, "Synced").message).toContain("Deployment.apps shop/api");
    expect(result.objects).toEqual({ total: 2, synced: 1, healthy: 1, drifted: 0, failed: 1 });
    expect(result.revision).toBeUndefined();
  });

  test("with everything applied and live state unknown is Unknown, not Synced", () => {
    const result = status({
      revision: first,
      problem: new Problem("LiveUnknown", "ConfigMap: forbidden"),
      report: report(first, object("web", "created")),
    });
    expect(result.sync).toBe("Unknown");
    expect(result.revision).toBeUndefined();
  });
});

describe("a problem of an object", () => {
  const problem = new Problem("Forbidden", "the ServiceAccount may not patch it", {
    object: deployment("role"),
    origin: "rbac.yaml:1",
  });
  const refused = { ref: deployment("role"), outcome: "refused" as const, problem };

  test("gives Synced, Ready and Stalled its code, and names object, file and cure", () => {
    const result = status({
      revision: first,
      report: report(first, object("web", "created"), refused),
    });
    for (const type of ["Synced", "Ready"] as const)
      expect(condition(result, type)).toMatchObject({ status: "False", reason: "Forbidden" });
    expect(condition(result, "Stalled")).toMatchObject({ status: "True", reason: "Forbidden" });
    for (const part of ["Deployment.apps shop/role", "rbac.yaml:1", "Grant the"])
      expect(condition(result, "Synced").message).toContain(part);
    expect(result.problems).toEqual([
      {
        ...deployment("role"),
        state: "refused",
        message: expect.stringMatching(/^Forbidden: the ServiceAccount/),
      },
    ]);
  });

  test("that is transient leaves Stalled False", () => {
    const conflict = new Problem("ApplyConflict", "409", { object: deployment("web") });
    const result = status({
      revision: first,
      report: report(first, { ref: deployment("web"), outcome: "failed", problem: conflict }),
    });
    expect(condition(result, "Stalled").status).toBe("False");
    expect(condition(result, "Reconciling")).toMatchObject({
      status: "True",
      reason: "ApplyConflict",
    });
  });
});

describe("differences", () => {
  const drift = {
    fields: ["spec.replicas"],
    manager: "kubectl-scale",
    since: "2026-03-01T12:00:05Z",
  };

  test.each(["observe", "warn"])(
    "in mode %s are OutOfSync and Drifted, and the revision counts as compared",
    (mode) => {
      const result = status({
        application: application({ mode }),
        revision: first,
        commit: commit(first),
        report: report(first, object("web", "drifted", { drift })),
      });
      expect(condition(result, "Synced")).toMatchObject({ status: "False", reason: "OutOfSync" });
      expect(condition(result, "Drifted").status).toBe("True");
      expect(result.sync).toBe("OutOfSync");
      expect(result.revision).toBe(first);
      expect(result.history).toEqual([]);
    },
  );

  test("in enforce without selfHeal are Drifted, with field and manager named", () => {
    const result = status({
      revision: first,
      report: report(first, object("web", "drifted", { drift })),
    });
    expect(condition(result, "Synced")).toMatchObject({ status: "False", reason: "Drifted" });
    expect(condition(result, "Drifted").message).toContain("spec.replicas by kubectl-scale");
    for (const type of ["Ready", "Synced", "Drifted"] as const)
      expect(condition(result, type).message).toContain("spec.selfHeal is false: set it to true");
    expect(condition(result, "Stalled").status).toBe("False");
  });
});

describe("prune", () => {
  test("that is held is Stalled with the hash to approve, while the revision counts as applied", () => {
    const held = { hash: "abc123", reason: "more than 30 %", objects: [deployment("old")] };
    const result = status({
      revision: first,
      report: { ...report(first, object("web", "created"), object("old", "held")), held },
    });
    expect(condition(result, "Stalled")).toMatchObject({ status: "True", reason: "PruneHeld" });
    expect(condition(result, "Stalled").message).toContain("abc123");
    expect(result.heldPrune).toEqual({
      hash: "abc123",
      reason: "more than 30 %",
      count: 1,
      objects: [deployment("old")],
    });
    expect(result.revision).toBe(first);
    expect(result.objects?.total).toBe(1);
  });

  test("that spec.prune forbids is OutOfSync, and no stall", () => {
    const problem = new Problem("PruneHeld", "spec.prune is off", { object: deployment("old") });
    const result = status({
      revision: first,
      report: report(first, object("web", "created"), object("old", "held", { problem })),
    });
    expect(condition(result, "Synced")).toMatchObject({ status: "False", reason: "OutOfSync" });
    expect(condition(result, "Stalled").status).toBe("False");
  });

  test("that is not over is not Synced and goes on by itself", () => {
    const result = status({
      revision: first,
      report: report(first, object("web", "created"), object("old", "pruning")),
    });
    expect(condition(result, "Synced")).toMatchObject({ status: "False", reason: "Pruning" });
    expect(condition(result, "Reconciling").status).toBe("True");
    expect(condition(result, "Ready").status).toBe("Unknown");
  });

  test("that was approved leaves nothing held", () => {
    const held = { hash: "abc123", reason: "more than 30 %", objects: [deployment("old")] };
    const before = status({ revision: first, report: { ...report(first), held } });
    const result = status({
      application: application({}, { status: before }),
      revision: first,
      report: report(first, object("old", "pruned")),
    });
    expect(result.heldPrune).toBeUndefined();
    expect(result.sync).toBe("Synced");
  });
});

test("suspend says Suspended everywhere and keeps what is known", () => {
  const before = good();
  const result = status({
    application: application({ suspend: true }, { status: before, generation: 2 }),
  });
  for (const type of conditionTypes) expect(condition(result, type).reason).toBe("Suspended");
  expect(condition(result, "Ready").status).toBe("Unknown");
  expect(result.health).toBe("Suspended");
  expect(result.revision).toBe(first);
});

test("deletion is told, and a deletion that is held is Stalled", () => {
  const deleting = application({}, { status: good(), deleting: true });
  const going = status({ application: deleting });
  expect(condition(going, "Ready")).toMatchObject({ status: "Unknown", reason: "Deleting" });
  expect(condition(going, "Reconciling").status).toBe("True");
  const stuck = status({ application: deleting, problem: new Problem("PruneHeld", "a Namespace") });
  expect(condition(stuck, "Stalled")).toMatchObject({ status: "True", reason: "PruneHeld" });
});

test("Reconciling and Stalled are never both True", () => {
  const problems = [
    unreachable(),
    new Problem("InvalidSpec", "x"),
    new Problem("Forbidden", "x"),
    undefined,
  ];
  for (const problem of problems)
    for (const outcome of ["created", "failed", "refused", "pruning", "held"] as const)
      for (const deleting of [true, false])
        for (const work of [{ reason: "Applying", message: "" }, undefined]) {
          const result = status({
            application: application({}, { deleting, status: good() }),
            revision: first,
            report: report(first, object("web", outcome, problem && { problem })),
            ...(problem && { problem }),
            ...(work && { reconciling: work }),
          });
          const both = [condition(result, "Reconciling"), condition(result, "Stalled")];
          expect(both.filter((one) => one.status === "True").length).toBeLessThan(2);
        }
});

test("all six conditions are always there, and the status fits its schema", () => {
  const inputs: Partial<StatusInput>[] = [
    {},
    { problem: unreachable() },
    { revision: first },
    { revision: first, report: report(first) },
  ];
  for (const input of inputs) {
    const result = status(input);
    expect(result.conditions?.map(({ type }) => type)).toEqual([...conditionTypes]);
    expect(applicationStatus.parse(result)).toEqual(result);
  }
});

describe("time", () => {
  test("of a transition moves only with the status of its condition", () => {
    const before = good();
    const degraded = object("web", "unchanged", { health: { state: "Degraded", message: "x" } });
    const result = status({
      application: application({}, { status: before }),
      now: later(60),
      revision: first,
      commit: commit(first),
      report: report(first, degraded, object("api", "unchanged")),
    });
    expect(condition(result, "Healthy").lastTransitionTime).toBe("2026-03-01T12:01:00Z");
    expect(condition(result, "Synced").lastTransitionTime).toBe("2026-03-01T12:00:00Z");
  });

  test.each([
    ["everything fine", { report: report(first, object("web", "unchanged")) }],
    [
      "drift without a time",
      {
        report: report(
          first,
          object("web", "drifted", { drift: { fields: [], manager: "unknown" } }),
        ),
      },
    ],
    ["a problem", { problem: unreachable() }],
    ["nothing yet", {}],
  ])("a second identical pass gives an equal status: %s", (_name, input) => {
    const full = { revision: first, commit: commit(first), ...input };
    const one = status(full);
    const two = status({
      ...full,
      application: application({}, { status: one }),
      now: later(3600),
    });
    expect(two).toEqual(one);
    expect(statusEquals(one, two)).toBe(true);
  });

  test("a pass after the one that healed gives an equal status", () => {
    const told = report(
      first,
      object("web", "healed", { drift: { fields: ["spec.replicas"], manager: "kubectl" } }),
    );
    const one = status({ revision: first, commit: commit(first), report: told });
    const two = status({
      application: application({}, { status: one }),
      now: later(3600),
      revision: first,
      commit: commit(first),
      report: settled(told),
    });
    expect(two).toEqual(one);
    expect(one.lastDrift).toMatchObject({ healed: true, time: "2026-03-01T12:00:00Z" });
  });

  test("the order of a report's objects changes nothing", () => {
    const objects = ["c", "a", "b"].map((name) =>
      object(name, "drifted", { drift: { fields: ["spec"], manager: "x" } }),
    );
    const one = status({ revision: first, report: report(first, ...objects) });
    const two = status({ revision: first, report: report(first, ...objects.toReversed()) });
    expect(two).toEqual(one);
    expect(one.problems?.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });
});

test("statuses that differ in anything are not equal", () => {
  expect(statusEquals(good(), { ...good(), lastHandledRefresh: "1" })).toBe(false);
});

test("the refresh that was handled is answered and stays answered", () => {
  const one = status({ handledRefresh: "now-1" });
  expect(one.lastHandledRefresh).toBe("now-1");
  expect(status({ application: application({}, { status: one }) }).lastHandledRefresh).toBe(
    "now-1",
  );
});

test("5,000 objects with long names and long messages make a status below 100 kB", () => {
  const text = '\u00e4\u4e16"\\'.repeat(2_000);
  const objects = Array.from({ length: 5_000 }, (_, index) => {
    const name = `${"n".repeat(240)}${index}`;
    const ref = { group: "apps", kind: "Deployment", namespace: "x".repeat(63), name };
    const problem = new Problem("ApplyRefused", text, { object: ref, origin: text });
    return {
      ref,
      outcome: index % 2 === 0 ? ("failed" as const) : ("drifted" as const),
      problem,
      drift: { fields: Array.from({ length: 20 }, () => text), manager: text },
      health: { state: "Degraded" as const, message: text },
    };
  });
  const held = { hash: "h".repeat(64), reason: text, objects: objects.map(({ ref }) => ref) };
  let result: ApplicationStatus = {};
  for (let run = 0; run < 60; run++) {
    const revision = `${"b".repeat(250)}@sha1:${String(run).padStart(40, "0")}`;
    const before = application({ historyLimit: 50 }, { status: result });
    const said = { ...commit(revision), author: text, subject: text };
    result = nextStatus({
      application: before,
      now: later(run),
      revision,
      commit: said,
      report: run < 59 ? report(revision, object("web", "created")) : { revision, objects, held },
    });
  }
  expect(result.history).toHaveLength(50);
  expect(result.problems).toHaveLength(20);
  expect(result.heldPrune).toMatchObject({ count: 5_000 });
  expect(result.objects).toEqual({
    total: 5_000,
    synced: 0,
    healthy: 0,
    drifted: 2_500,
    failed: 2_500,
  });
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(100_000);
  expect(applicationStatus.safeParse(result).error).toBeUndefined();
});
