import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { type AuditEntry, type AuditMark, inWords, succeeded } from "./harness/audit.ts";
import { Gate, type Gated, type Side } from "./harness/gate.ts";
import { account } from "./harness/installation.ts";
import { configMap, manifest, secret, service } from "./harness/manifests.ts";
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

const partOf = "applyset.kubernetes.io/part-of";
const groupKinds = "applyset.kubernetes.io/contains-group-kinds";

async function restart(options: { gated?: boolean; flags?: string[] } = {}): Promise<void> {
  world.controller = await world.controllers.start({
    ...(options.gated === true ? { kubeconfig: gate.kubeconfig } : {}),
    ...(options.flags === undefined ? {} : { flags: options.flags }),
  });
}

/**
 * What became of objects of this namespace, in the order of the answers. A write whose author is
 * killed before the answer may be logged as broken off (499 and above) though it was made.
 */
async function changes(mark: AuditMark, namespace: string): Promise<AuditEntry[]> {
  const writes = (await world.audit.targetWritesSince(mark)).filter(
    ({ objectRef }) => objectRef?.namespace === namespace,
  );
  const nameOf = ({ objectRef }: AuditEntry) => `${objectRef?.resource}/${objectRef?.name}`;
  const made = writes.filter(succeeded);
  const answered = new Set(made.map(nameOf));
  const brokenOff = new Map<string, AuditEntry>();
  for (const { responseStatus, ...entry } of writes)
    if ((responseStatus?.code ?? 0) >= 499 && !answered.has(nameOf(entry)))
      brokenOff.set(nameOf(entry), entry);
  return [...made, ...brokenOff.values()];
}

/** Objects by how often they were created. */
function creations(entries: readonly AuditEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { responseStatus, objectRef } of entries) {
    if (responseStatus?.code !== 201) continue;
    const key = `${objectRef?.resource}/${objectRef?.name}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Names of our objects, each of which must carry the set's label and one claim of ours. */
async function ownedNames(namespace: string): Promise<string[]> {
  const all = await Promise.all(
    (["ConfigMap", "Secret", "Service"] as const).map((kind) =>
      world.api.list(kind, namespace, `?labelSelector=${partOf}`),
    ),
  );
  for (const { metadata } of all.flat()) {
    const claims = metadata.managedFields?.filter(({ operation }) => operation === "Apply");
    expect(claims?.map(({ manager }) => manager)).toEqual([expect.stringMatching(/^mooring\./)]);
  }
  return all.flat().map(({ metadata }) => metadata.name);
}

test("kill -9 in the middle of an install of 200 objects, then a restart: converged, nothing leaked, nothing made twice", async () => {
  await world.controller.end("SIGTERM");
  await restart({ flags: ["--max-in-flight", "2"] });
  const tenant = await world.createTenant("many");
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const files = Object.fromEntries(
    numbers.map((n) => [
      `deploy/${n}.yaml`,
      manifest(configMap(`settings-${n}`, { n: `${n}` }), secret(`secret-${n}`, { n: `${n}` })),
    ]),
  );
  const names = numbers.flatMap((n) => [`settings-${n}`, `secret-${n}`]).sort();
  const watch = await world.api.watch("ConfigMap", "many");
  const mark = await world.audit.mark();
  const app = await tenant.application("shop", { files });
  await waitFor(
    "some objects",
    () => watch.seen.filter(({ data }) => data?.n !== undefined).length,
    (seen) => seen >= 10,
  );
  await world.controller.end("SIGKILL");
  watch.stop();
  const begun = (await ownedNames("many")).length;
  expect(begun).toBeGreaterThanOrEqual(10);
  expect(begun).toBeLessThan(names.length);
  // What was written is on record before all of it is.
  expect((await app.get()).metadata.annotations?.[groupKinds]).toBe("ConfigMap,Secret");

  await restart();
  const { status } = await app.ready();
  expect(status?.objects).toMatchObject({ total: 200, synced: 200, healthy: 200, failed: 0 });
  expect(status?.history).toHaveLength(1);
  expect((await ownedNames("many")).sort()).toEqual(names);
  const made = creations(await changes(mark, "many"));
  expect(Object.keys(made)).toHaveLength(names.length);
  expect(Object.values(made).every((times) => times === 1)).toBe(true);

  await app.delete();
  await app.gone();
  expect(await ownedNames("many")).toEqual([]);
  await world.controller.end("SIGTERM");
  await restart({ gated: true });
});

const isApply = ({ method, url }: Gated) => method === "PATCH" && url.includes("/configmaps/");
const isRemoval = ({ method, url }: Gated) => method === "DELETE" && url.includes("/configmaps/");
const isRecord = ({ method, url }: Gated) =>
  method === "PATCH" && /\/applications\/shop(\?|$)/.test(url);
const isStatus = ({ method, url }: Gated) =>
  method === "PATCH" && url.includes("/applications/shop/status");
const isEvent = ({ method, url }: Gated) => method === "POST" && url.includes("/events");

const first = {
  "deploy/a.yaml": manifest(configMap("a", { v: "1" })),
  "deploy/b.yaml": manifest(configMap("b", { v: "1" })),
  "deploy/c.yaml": manifest(service("c")),
  "deploy/d.yaml": manifest(service("d")),
};
/** One is changed, one is new, one is gone, and the others stay. */
const second = {
  "deploy/a.yaml": manifest(configMap("a", { v: "2" })),
  "deploy/b.yaml": null,
  "deploy/e.yaml": manifest(configMap("e", { v: "2" })),
};

const sides: readonly Side[] = ["before", "after"];
let rounds = 0;

/** An application that is interrupted by kill -9, and taken up by a controller with the same identity. */
async function interrupted(
  matches: (request: Gated) => boolean,
  side: Side,
  act: (app: ApplicationHandle) => Promise<unknown>,
  begin: () => Promise<ApplicationHandle>,
): Promise<ApplicationHandle> {
  const app = await begin();
  const held = gate.hold(matches, side);
  await act(app);
  await held;
  await world.controller.end("SIGKILL");
  gate.release();
  await restart({ gated: true });
  return app;
}

async function beginNothing(): Promise<ApplicationHandle> {
  rounds += 1;
  const tenant = await world.createTenant(`round-${rounds}`);
  return await tenant.application("shop", { files: first, spec: { suspend: true } });
}

async function beginInstalled(): Promise<ApplicationHandle> {
  rounds += 1;
  const tenant = await world.createTenant(`round-${rounds}`);
  const app = await tenant.application("shop", { files: first });
  await app.ready();
  return app;
}

test.each([
  ["the record of what it may own", isRecord],
  ["the first apply", isApply],
  ["the status", isStatus],
  ["the first Event", isEvent],
] as const)(
  "kill -9 before and after %s of an install: each object is made once",
  async (_, matches) => {
    for (const side of sides) {
      const mark = await world.audit.mark();
      const app = await interrupted(
        matches,
        side,
        (one) => one.configure({ suspend: false }),
        beginNothing,
      );
      const { status, metadata } = await app.ready();
      expect(status?.objects).toMatchObject({ total: 4, synced: 4 });
      expect(status?.history).toHaveLength(1);
      expect(metadata.annotations?.[groupKinds]).toBe("ConfigMap,Service");
      expect((await ownedNames(app.namespace)).sort()).toEqual(["a", "b", "c", "d"]);
      expect((await changes(mark, app.namespace)).map(inWords).sort()).toEqual([
        `patch configmaps ${app.namespace}/a`,
        `patch configmaps ${app.namespace}/b`,
        `patch services ${app.namespace}/c`,
        `patch services ${app.namespace}/d`,
      ]);
    }
  },
);

test.each([
  ["the first apply", isApply],
  ["the removal", isRemoval],
  ["the status", isStatus],
] as const)(
  "kill -9 before and after %s of an update: each object is written once and removed once",
  async (_, matches) => {
    for (const side of sides) {
      let mark = 0;
      const app = await interrupted(
        matches,
        side,
        async (one) => {
          mark = await world.audit.mark();
          await one.commit(second);
          await one.annotate({ "mooring.dev/refresh": "second" });
        },
        beginInstalled,
      );
      const { status } = await app.ready(await app.repository.resolve("main"));
      expect(status?.objects).toMatchObject({ total: 4, synced: 4 });
      expect(status?.history).toHaveLength(2);
      expect((await ownedNames(app.namespace)).sort()).toEqual(["a", "c", "d", "e"]);
      expect((await world.api.read("ConfigMap", app.namespace, "a")).data).toEqual({ v: "2" });
      expect((await changes(mark, app.namespace)).map(inWords).sort()).toEqual([
        `delete configmaps ${app.namespace}/b`,
        `patch configmaps ${app.namespace}/a`,
        `patch configmaps ${app.namespace}/e`,
      ]);
    }
  },
);

test.each([
  ["the first removal", isRemoval],
  ["the release of the finalizer", isRecord],
] as const)("kill -9 before and after %s of a deletion: all is gone", async (_, matches) => {
  for (const side of sides) {
    const app = await interrupted(matches, side, (one) => one.delete(), beginInstalled);
    await app.gone();
    expect(await ownedNames(app.namespace)).toEqual([]);
  }
});
