/** `mooring.dev/rollback-to`: another commit is deployed until the source has a newer one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { Gate, type Gated, type Side } from "./harness/gate.ts";
import { account } from "./harness/installation.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { conditionOf, type TestApplication } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
let gate: Gate;
beforeAll(async () => {
  world = await startWorld();
  gate = await Gate.open(await world.plane.kubeconfigFor(account));
});
afterAll(async () => {
  await world?.stop();
  await gate?.close();
});

const to = "mooring.dev/rollback-to";
const skip = "mooring.dev/rollback-skip";
const until = "mooring.dev/rollback-until";
const nobody = "0123456789".repeat(4);

const files = (colour: string, extra: string | null = null) => ({
  "deploy/settings.yaml": manifest(configMap("settings", { colour })),
  "deploy/extra.yaml": extra === null ? null : manifest(configMap("extra", { n: extra })),
});

interface Shop {
  app: ApplicationHandle;
  good: string;
  bad: string;
}

/** Blue and good, then red and bad, with an object more. */
async function shop(
  namespace: string,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<Shop> {
  const tenant = await world.createTenant(namespace);
  const app = await tenant.application("shop", { files: files("blue"), spec });
  const good = await app.repository.resolve("main");
  const seen = async (commit: string) =>
    await app.until(
      `run of ${commit}`,
      ({ status }) => status?.revision?.includes(commit) === true,
    );
  await seen(good);
  const bad = await app.push(files("red", "1"));
  await seen(bad);
  return { app, good, bad };
}

const colourIn = async (namespace: string) =>
  (await world.api.read("ConfigMap", namespace, "settings")).data.colour;
const isPinned = (app: TestApplication, commit: string) =>
  app.status?.rollback?.to === commit && app.status.revision === `sha1:${commit}`;
const pinsOf = ({ metadata }: TestApplication) =>
  Object.keys(metadata.annotations ?? {}).filter((name) => name.includes("rollback"));

test("a rollback deploys the commit, prunes what it does not have, is healed to, and is told", async () => {
  const { app, good, bad } = await shop("back");
  await app.annotate({ [to]: good, [skip]: bad });
  const pinned = await app.ready(`sha1:${good}`);
  expect(pinned.status?.rollback).toEqual({
    to: good,
    skipped: bad,
    since: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const message = conditionOf(pinned, "Ready")?.message ?? "";
  expect(message).toContain(`Rolled back to ${good} from ${bad}`);
  expect(message).toContain("until the source has another commit");
  expect(await colourIn("back")).toBe("blue");
  expect(await world.api.get("ConfigMap", "back", "extra")).toBeUndefined();
  expect(pinned.status?.history?.map(({ revision }) => revision)).toEqual([
    `sha1:${good}`,
    `main@sha1:${bad}`,
    `main@sha1:${good}`,
  ]);
  const [event] = await app.told("RolledBack");
  expect(event?.note).toContain(`${good} from ${bad}`);

  await world.api.patch("ConfigMap", "back", "settings", { data: { colour: "black" } });
  await waitFor(
    "the rollback to be healed to",
    () => colourIn("back"),
    (seen) => seen === "blue",
  );
  // A look at the source at the same commit ends nothing, and a second pass writes nothing.
  await app.refresh();
  const mark = await world.audit.mark();
  await app.refresh();
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  expect(isPinned(await app.get(), good)).toBe(true);
});

test("a newer commit ends the rollback: the annotations go, the commit is deployed, it is told", async () => {
  const { app, good, bad } = await shop("ended");
  await app.annotate({ [to]: good, [skip]: bad });
  await app.ready(`sha1:${good}`);
  const next = await app.push(files("green"));
  const ended = await app.ready(`main@sha1:${next}`);
  expect(ended.status?.rollback).toBeUndefined();
  expect(pinsOf(ended)).toEqual([]);
  expect(await colourIn("ended")).toBe("green");
  const [event] = await app.told("RollbackEnded");
  expect(event?.note).toContain(`The rollback to ${good} has ended: the source is at ${next}`);
});

test("without the commit to skip, it is the one that the source is at; when its end has come it ends with no push", async () => {
  const { app, good, bad } = await shop("timed");
  const far = "2099-12-31T23:59:59Z";
  await app.annotate({ [to]: good, [until]: far });
  const pinned = await app.ready(`sha1:${good}`);
  expect(pinned.status?.rollback).toMatchObject({ skipped: bad, until: far });
  expect(conditionOf(pinned, "Ready")?.message).toContain(`until ${far}, or`);

  // Later than any run that what was done until now may still bring.
  const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 4_000);
  const near = `${end.toISOString().slice(0, 19)}Z`;
  await app.annotate({ [until]: near });
  const ended = await app.ready(`main@sha1:${bad}`);
  expect(Date.now()).toBeGreaterThanOrEqual(end.getTime());
  expect(pinsOf(ended)).toEqual([]);
  expect(ended.status?.rollback).toBeUndefined();
  expect(ended.status?.history?.map(({ revision }) => revision)).toEqual([
    `main@sha1:${bad}`,
    `sha1:${good}`,
    `main@sha1:${bad}`,
    `main@sha1:${good}`,
  ]);
  expect((await app.told("RollbackEnded"))[0]?.note).toContain(`${near} has passed`);
});

test("a rollback whose annotation somebody removes ends, its other annotations with it", async () => {
  const { app, good, bad } = await shop("removed");
  await app.annotate({ [to]: good, [skip]: bad });
  await app.ready(`sha1:${good}`);
  await app.annotate({ [to]: null });
  const ended = await app.ready(`main@sha1:${bad}`);
  expect(pinsOf(ended)).toEqual([]);
  expect((await app.told("RollbackEnded"))[0]?.note).toContain("was removed");
});

test("a commit to skip that was pushed since the last look is skipped before it is ever deployed", async () => {
  const { app, good } = await shop("unseen");
  const worse = await app.commit(files("yellow"));
  const mark = await world.audit.mark();
  await app.annotate({ [to]: good, [skip]: worse });
  await app.ready(`sha1:${good}`);
  expect((await app.get()).status?.rollback?.skipped).toBe(worse);
  expect(await colourIn("unseen")).toBe("blue");
  // One write of it: from red to blue.
  expect((await world.audit.targetWritesSince(mark)).map(inWords).sort()).toEqual([
    "delete configmaps unseen/extra",
    "patch configmaps unseen/settings",
  ]);
});

test("the prune guard holds what a rollback would delete, until it is approved", async () => {
  const tenant = await world.createTenant("guarded");
  const app = await tenant.application("shop", { files: files("blue") });
  const good = await app.repository.resolve("main");
  await app.ready(good);
  const names = ["a", "b", "c", "d"];
  const more = names.map((name) => [`deploy/${name}.yaml`, manifest(configMap(name, {}))]);
  const bad = await app.deploy({ ...files("red"), ...Object.fromEntries(more) });
  await app.annotate({ [to]: good, [skip]: bad });
  const held = await app.until("held", ({ status }) => status?.heldPrune?.count === 4);
  expect(conditionOf(held, "Ready")).toMatchObject({ status: "False", reason: "PruneHeld" });
  expect(conditionOf(held, "Ready")?.message).toContain(`Rolled back to ${good} from ${bad}`);
  expect(await colourIn("guarded")).toBe("blue");
  for (const name of names) await world.api.read("ConfigMap", "guarded", name);
  await app.annotate({ "mooring.dev/approve-prune": held.status?.heldPrune?.hash ?? "" });
  await app.ready(`sha1:${good}`);
  for (const name of names)
    expect(await world.api.get("ConfigMap", "guarded", name)).toBeUndefined();
});

test("a rollback that is over before it begins is told and removed", async () => {
  const { app, good, bad } = await shop("late");
  await app.annotate({ [to]: good, [until]: "2020-01-01T00:00:00Z" });
  const [event] = await app.told("RollbackEnded");
  expect(event).toMatchObject({ type: "Warning" });
  expect(event?.note).toContain(`no rollback to ${good}: 2020-01-01T00:00:00Z has passed`);
  const after = await app.until("no annotation", (seen) => pinsOf(seen).length === 0);
  expect(after.status?.revision).toBe(`main@sha1:${bad}`);
});

describe("what cannot be done is told, and what is deployed is left and healed", () => {
  async function stays(namespace: string, { app, bad }: Shop, told: string): Promise<void> {
    const seen = await app.until(
      `Ready telling ${told}`,
      (one) => conditionOf(one, "Ready")?.message.includes(told) === true,
    );
    expect(conditionOf(seen, "Ready")?.status).toBe("False");
    expect(seen.status?.revision).toBe(`main@sha1:${bad}`);
    await world.api.patch("ConfigMap", namespace, "settings", { data: { colour: "black" } });
    await waitFor(
      "the heal",
      () => colourIn(namespace),
      (colour) => colour === "red",
    );
    await world.api.read("ConfigMap", namespace, "extra");
  }

  test("a commit that the repository does not have", async () => {
    const made = await shop("unknown");
    await made.app.annotate({ [to]: nobody });
    await stays("unknown", made, `names the commit ${nobody}, which the repository does not have`);
    await made.app.condition("Stalled", "True", "RevisionNotFound");
    await made.app.annotate({ [to]: made.good });
    await made.app.ready(`sha1:${made.good}`);
  });

  test.each([
    ["not-an-id", to, "main"],
    ["not-to-skip", skip, "HEAD"],
    ["not-a-time", until, "tomorrow"],
    ["not-a-day", until, "2026-02-30T00:00:00Z"],
  ])("%s: %s of %s", async (namespace, annotation, value) => {
    const made = await shop(namespace);
    await made.app.annotate({ [to]: made.good, [annotation]: value });
    await stays(namespace, made, `the annotation ${annotation} must be`);
    await made.app.annotate({ [annotation]: null, [to]: made.good });
    await made.app.ready(`sha1:${made.good}`);
  });
});

test("in observe a rollback is compared with and nothing is written", async () => {
  const { app, good, bad } = await shop("observed", { mode: "observe" });
  const mark = await world.audit.mark();
  await app.annotate({ [to]: good, [skip]: bad });
  const seen = await app.until("rollback", (one) => isPinned(one, good));
  expect(seen.status?.objects?.total).toBe(1);
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
});

test("an application of the same repository is not held up by one that is rolled back", async () => {
  const tenant = await world.createTenant("shared");
  const shape = { repository: "mono", spec: { source: { path: "a" } } };
  const one = await tenant.application("one", {
    ...shape,
    files: {
      "a/x.yaml": manifest(configMap("x", { n: "1" })),
      "b/y.yaml": manifest(configMap("y", { n: "1" })),
      "b/z.yaml": manifest(configMap("z", { n: "1" })),
    },
  });
  const two = await tenant.application("two", {
    repository: "mono",
    files: {},
    spec: { source: { path: "b" } },
  });
  const good = await one.repository.resolve("main");
  await Promise.all([one.ready(good), two.ready(good)]);
  const bad = await one.commit({ "b/z.yaml": null, "b/w.yaml": manifest(configMap("w", {})) });
  await one.annotate({ [to]: good, [skip]: bad });
  await one.ready(`sha1:${good}`);
  // It prunes z, after the other one was asked whether it wants it.
  await two.refresh();
  await two.ready(bad);
  expect(await world.api.get("ConfigMap", "shared", "z")).toBeUndefined();
});

test("a rollback survives a restart of the controller, and a push while it was away ends it", async () => {
  const [kept, ended] = [await shop("kept"), await shop("away")];
  for (const { app, good, bad } of [kept, ended]) {
    await app.annotate({ [to]: good, ...(app === kept.app ? {} : { [skip]: bad }) });
    await app.ready(`sha1:${good}`);
  }
  const before = (await kept.app.get()).status?.rollback;
  await world.controller.end("SIGKILL");
  const next = await ended.app.commit(files("green"));
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await ended.app.ready(`main@sha1:${next}`);
  await world.api.patch("ConfigMap", "kept", "settings", { data: { colour: "black" } });
  await waitFor(
    "the heal",
    () => colourIn("kept"),
    (colour) => colour === "blue",
  );
  expect(isPinned(await kept.app.get(), kept.good)).toBe(true);
  expect((await kept.app.get()).status?.rollback).toEqual(before);
  const writes = (await world.audit.targetWritesSince(mark)).map(inWords);
  expect(writes.filter((write) => write.includes("kept/"))).toEqual([
    "patch configmaps kept/settings",
  ]);
});

describe("kill -9", () => {
  const sides: readonly Side[] = ["before", "after"];
  async function killedAt(
    matches: (request: Gated) => boolean,
    side: Side,
    act: () => Promise<unknown>,
  ): Promise<void> {
    const held = gate.hold(matches, side);
    await act();
    await held;
    await world.controller.end("SIGKILL");
    gate.release();
  }
  const startGated = async () => {
    world.controller = await world.controllers.start({ kubeconfig: gate.kubeconfig });
  };
  const patches = (path: string) => (request: Gated) =>
    request.method === "PATCH" && request.url.split("?")[0]?.endsWith(path) === true;

  test("before the first write of a rollback: what is pushed meanwhile ends it, though it named nothing to skip", async () => {
    const { app, good } = await shop("killed-first");
    await world.controller.end();
    await startGated();
    await app.ready();
    await killedAt(patches("/configmaps/settings"), "before", () => app.annotate({ [to]: good }));
    const next = await app.commit(files("green"));
    await startGated();
    const ended = await app.ready(`main@sha1:${next}`);
    expect(pinsOf(ended)).toEqual([]);
    expect(ended.status?.rollback).toBeUndefined();
    expect(await colourIn("killed-first")).toBe("green");
  });

  test("before and after its annotations are removed: it has ended, and is told", async () => {
    for (const side of sides) {
      const namespace = `killed-${side}`;
      const { app, good, bad } = await shop(namespace);
      await app.annotate({ [to]: good, [skip]: bad });
      await app.ready(`sha1:${good}`);
      const next = await app.commit(files("green"));
      await killedAt(patches("/applications/shop"), side, () =>
        app.annotate({ "mooring.dev/refresh": "next" }),
      );
      await startGated();
      const ended = await app.ready(`main@sha1:${next}`);
      expect(pinsOf(ended)).toEqual([]);
      expect(await colourIn(namespace)).toBe("green");
      expect(await app.told("RollbackEnded")).toHaveLength(1);
    }
  });
});
