import { describe, expect, test } from "vitest";
import type { ApplicationStatus, Mode } from "../../../src/model/application.ts";
import { Problem } from "../../../src/model/problem.ts";
import type { ObjectReport, Report } from "../../../src/model/report.ts";
import { nextStatus, type StatusInput } from "../../../src/status/conditions.ts";
import { type EventSpec, eventsFor, maxEvents } from "../../../src/status/events.ts";
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
} from "./fixtures.ts";

/** Runs one after another, with the Events of each. */
class Line {
  status: ApplicationStatus = {};
  #seconds = 0;
  readonly #mode: Mode;

  constructor(mode: Mode = "enforce") {
    this.#mode = mode;
  }

  run(input: Partial<StatusInput>): EventSpec[] {
    const previous = this.status;
    this.#seconds += 10;
    this.status = nextStatus({
      application: application({ mode: this.#mode }, { status: previous }),
      now: later(this.#seconds),
      ...(input.revision === undefined ? {} : { commit: commit(input.revision) }),
      ...input,
    });
    return eventsFor({
      previous,
      next: this.status,
      mode: this.#mode,
      ...(input.report && { report: input.report }),
      ...(input.problem && { problem: input.problem }),
    });
  }

  reported(whole: Report): EventSpec[] {
    return this.run({ revision: whole.revision, report: whole });
  }
}

function reasons(events: EventSpec[]): string[] {
  return events.map(({ type, reason }) => `${type} ${reason}`);
}

const fine = object("web", "unchanged");
const broken = object("web", "unchanged", { health: { state: "Degraded", message: "crash" } });

function refusedObject(name = "role"): ObjectReport {
  const problem = new Problem("Forbidden", `may not patch at ${Math.random()}`, {
    object: deployment(name),
  });
  return { ref: deployment(name), outcome: "refused", problem };
}

test("hooks that are left out are told once, and hold up nothing", () => {
  const line = new Line();
  const note = "is a hook (pre-install) and was not applied";
  const hook: ObjectReport = { ref: deployment("migrate"), outcome: "skipped", note };
  const events = line.reported(report(first, object("web", "created"), hook));
  expect(reasons(events)).toContain("Warning Skipped");
  expect(events.find(({ reason }) => reason === "Skipped")?.note).toBe(
    `Deployment.apps shop/migrate ${note}`,
  );
  expect(line.status).toMatchObject({
    sync: "Synced",
    health: "Healthy",
    revision: first,
    objects: { total: 1, synced: 1, healthy: 1, drifted: 0, failed: 0, skipped: 1 },
    problems: [{ name: "migrate", state: "skipped", message: note }],
  });
  const { status, message } = condition(line.status, "Synced");
  expect([status, message]).toEqual(["True", expect.stringContaining("shop/migrate")]);
  expect(condition(line.status, "Ready").status).toBe("True");
  expect(condition(line.status, "Stalled").status).toBe("False");
  expect(line.reported(report(first, fine, hook))).toEqual([]);
});

test("an object that is let go is told", () => {
  const line = new Line();
  line.reported(report(first, fine));
  const left: ObjectReport = { ref: deployment("data"), outcome: "orphaned" };
  const events = line.reported(report(second, fine, left));
  expect(reasons(events)).toContain("Normal Orphaned");
  expect(line.status.objects).toMatchObject({ total: 1 });
});

test("a revision is told once, with its commit and what was done", () => {
  const line = new Line();
  const events = line.reported(report(first, object("web", "created"), object("api", "created")));
  expect(reasons(events)).toEqual(["Normal Healthy", "Normal Synced"]);
  expect(events[1]?.note).toContain("2 created");
  expect(events[1]?.note).toContain("Raise replicas, by Ada");
  expect(line.reported(report(first, fine, object("api", "unchanged")))).toEqual([]);
});

test("a revision that changed no object is for the status alone", () => {
  const line = new Line();
  line.reported(report(first, object("web", "created")));
  expect(line.reported(report(second, fine))).toEqual([]);
  const changed = line.reported(report(first, object("web", "configured")));
  expect(reasons(changed)).toEqual(["Normal Healthy", "Normal Synced"]);
});

test("a run that found nothing new has no Event", () => {
  const line = new Line();
  const drifted = object("api", "drifted", { drift: { fields: ["spec"], manager: "kubectl" } });
  const whole = report(first, broken, refusedObject(), drifted);
  expect(line.reported(whole).length).toBeGreaterThan(2);
  expect(line.reported(report(first, broken, refusedObject(), drifted))).toEqual([]);
});

describe("a problem of the run", () => {
  const unreachable = new Problem("SourceUnreachable", "git.example does not answer");

  test("is one Event, however often it is tried again", () => {
    const line = new Line();
    const [event, ...others] = line.run({ problem: unreachable });
    expect(event).toMatchObject({ type: "Warning", reason: "SourceUnreachable" });
    expect(event?.note).toContain("Check that the Git server answers");
    expect(others).toEqual([]);
    expect(line.run({ problem: unreachable })).toEqual([]);
  });

  test("is told again for another revision", () => {
    const line = new Line();
    const invalid = new Problem("InvalidManifest", "not YAML", { origin: "web.yaml:3" });
    expect(reasons(line.run({ revision: first, problem: invalid }))).toEqual([
      "Warning InvalidManifest",
    ]);
    expect(reasons(line.run({ revision: second, problem: invalid }))).toEqual([
      "Warning InvalidManifest",
    ]);
  });

  test("that ends is told as Recovered", () => {
    const line = new Line();
    line.reported(report(first, fine));
    line.run({ problem: unreachable, report: report(first, fine) });
    expect(reasons(line.reported(report(first, fine)))).toEqual([
      "Normal Synced",
      "Normal Recovered",
    ]);
  });

  test("that is given up is told as Stalled, once", () => {
    const line = new Line();
    line.run({ problem: unreachable });
    expect(reasons(line.run({ problem: unreachable, givenUp: true }))).toEqual(["Warning Stalled"]);
    expect(line.run({ problem: unreachable, givenUp: true })).toEqual([]);
  });
});

test("a refused object is one Event with its code, though its message changes with every try", () => {
  const line = new Line();
  const events = line.reported(report(first, fine, refusedObject()));
  expect(reasons(events)).toContain("Warning Forbidden");
  const told = events.find(({ reason }) => reason === "Forbidden");
  expect(told?.related).toEqual(deployment("role"));
  expect(told?.note).toContain("Grant the application's ServiceAccount");
  expect(line.reported(report(first, fine, refusedObject()))).toEqual([]);
});

test("an object that another application owns is told as OwnedByOther, naming the owner", () => {
  const problem = new Problem("OwnedByOther", "kept by application team-b/shop", {
    object: deployment("web"),
  });
  const events = new Line().reported(
    report(first, { ref: deployment("web"), outcome: "refused", problem }),
  );
  expect(events.find(({ reason }) => reason === "OwnedByOther")?.note).toContain("team-b/shop");
});

test("health is told when it changes: Degraded with the object, then Healthy and Recovered", () => {
  const line = new Line();
  line.reported(report(first, fine));
  const [event, ...others] = line.reported(report(first, broken));
  expect(event).toMatchObject({ type: "Warning", reason: "Degraded" });
  expect(event?.note).toContain("Deployment.apps shop/web: crash");
  expect(others).toEqual([]);
  expect(line.reported(report(first, broken))).toEqual([]);
  expect(reasons(line.reported(report(first, fine)))).toEqual([
    "Normal Healthy",
    "Normal Recovered",
  ]);
});

describe("drift", () => {
  const drift = { fields: ["spec.replicas"], manager: "kubectl-scale" };

  test("is told with object, fields and manager when it appears", () => {
    const line = new Line();
    line.reported(report(first, fine));
    const [event, ...others] = line.reported(report(first, object("web", "drifted", { drift })));
    expect(event).toMatchObject({ type: "Warning", reason: "DriftDetected" });
    expect(event?.note).toBe("Deployment.apps shop/web: spec.replicas by kubectl-scale");
    expect(others).toEqual([]);
  });

  test("that was healed is told as DriftHealed", () => {
    const line = new Line();
    line.reported(report(first, fine));
    const events = line.reported(report(first, object("web", "healed", { drift })));
    expect(reasons(events)).toEqual(["Normal DriftHealed"]);
    expect(events[0]?.note).toContain("spec.replicas by kubectl-scale");
  });

  test("that was a deletion says so, and where its author is recorded", () => {
    const line = new Line();
    line.reported(report(first, fine));
    const unsigned = { fields: [], manager: "unknown" };
    const events = line.reported(report(first, object("web", "healed", { drift: unsigned })));
    expect(events[0]?.note).toMatch(/^Deployment\.apps shop\/web: was deleted .*audit log/);
  });

  test("is told in mode warn and not in mode observe", () => {
    const whole = report(first, object("web", "drifted", { drift }));
    expect(reasons(new Line("warn").reported(whole))).toContain("Warning DriftDetected");
    expect(reasons(new Line("observe").reported(whole))).not.toContain("Warning DriftDetected");
  });
});

test("a prune is told with its objects; a held one with the hash that approves it, once", () => {
  const line = new Line();
  const held = { hash: "abc123", reason: "more than 30 %", objects: [deployment("old")] };
  const events = line.reported({ ...report(first, fine, object("old", "held")), held });
  const told = events.find(({ reason }) => reason === "PruneHeld");
  expect(told?.note).toContain('mooring.dev/approve-prune: "abc123"');
  expect(told?.note).toContain("Deployment.apps shop/old");
  expect(line.reported({ ...report(first, fine, object("old", "held")), held })).toEqual([]);
  const pruned = line.reported(report(first, fine, object("old", "pruned")));
  expect(reasons(pruned)).toContain("Normal Pruned");
  expect(pruned.find(({ reason }) => reason === "Pruned")?.note).toBe(
    "1 object deleted: Deployment.apps shop/old",
  );
});

test("one run has a bounded number of Events; the last says how many more and of what", () => {
  const line = new Line();
  line.reported(report(first, fine));
  const healed = Array.from({ length: 46 }, (_, index) =>
    object(`web-${index}`, "healed", { drift: { fields: ["spec"], manager: "kubectl" } }),
  );
  const events = line.reported(report(first, ...healed));
  expect(events).toHaveLength(maxEvents);
  expect(events.at(-1)?.note).toMatch(/^and 37 more \(DriftHealed\): /);
});

test("no note is longer than the apiserver takes, in bytes", () => {
  const text = "\u4e16".repeat(5_000);
  const problem = new Problem("ApplyRefused", text, { object: deployment("web") });
  const events = new Line().reported(
    report(first, { ref: deployment("web"), outcome: "refused", problem }),
  );
  for (const { note } of events) expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
});
