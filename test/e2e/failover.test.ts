import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { credentialOf, inWords, succeeded } from "./harness/audit.ts";
import type { RunningController } from "./harness/controller.ts";
import type { TestObject } from "./harness/kube-api.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

/** Few requests at once, so that an install takes long enough to be interrupted. */
const slowly = ["--max-in-flight", "2"];
const shortLease = ["--lease-duration", "3s", "--lease-renew", "1s"];
/** Far longer than any wait here: whoever takes over did not wait for its end. */
const longLease = ["--lease-duration", "10m", "--lease-renew", "500ms"];

let world: World;
const standbys: RunningController[] = [];
beforeAll(async () => {
  world = await startWorld({
    controller: { identity: "replica-0", flags: [...shortLease, ...slowly] },
  });
});
afterAll(() => world?.stop());

const names = Array.from({ length: 300 }, (_, index) => `settings-${index}`);
const painted = (colour: string) => ({
  "deploy/all.yaml": manifest(...names.map((name) => configMap(name, { colour }))),
});
const isOf = (colour: string) => (object: TestObject) => object.data?.colour === colour;

async function holder(): Promise<string> {
  const lease = await world.api.read("Lease", "mooring-system", "mooring-shard-0");
  return lease.spec.holderIdentity;
}

function held(by: string): Promise<string> {
  return waitFor(`the Lease to be of ${by}`, holder, (now) => now === by);
}

async function colours(namespace: string): Promise<string[]> {
  const all = await world.api.list("ConfigMap", namespace);
  return [...new Set(all.flatMap(({ data }) => (data?.colour === undefined ? [] : data.colour)))];
}

/** What every object went through, oldest first, as a watch told it. */
function lives(seen: readonly TestObject[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { metadata, data } of seen) {
    const life = found.get(metadata.name) ?? [];
    if (life.at(-1) !== data?.colour) life.push(data?.colour);
    found.set(metadata.name, life);
  }
  return found;
}

async function stoppedByKernel(pid: number): Promise<void> {
  await waitFor(
    `process ${pid} to stand still`,
    () => readFile(`/proc/${pid}/stat`, "utf8"),
    (stat) => /\) T /.test(stat),
  );
}

test("a leader that is stopped for longer than its Lease while it applies writes no old revision when it wakes up", async () => {
  const first = world.controller;
  const tenant = await world.createTenant("paused");
  const app = await tenant.application("shop", { files: painted("blue") });
  await app.ready(undefined, 60_000);
  const second = await world.controllers.start({ identity: "replica-1", flags: shortLease });
  standbys.push(second);
  const watch = await world.api.watch("ConfigMap", "paused");

  await app.commit(painted("red"));
  await app.annotate({ "mooring.dev/refresh": "red" });
  await waitFor(
    "some objects to be red",
    () => watch.seen.filter(isOf("red")).length,
    (red) => red >= 10,
  );
  first.signal("SIGSTOP");
  await stoppedByKernel(first.pid);
  const green = await app.commit(painted("green"));
  await held("replica-1");
  // That it was in the middle is what this test is about.
  expect(watch.seen.filter(isOf("red")).length).toBeLessThan(names.length);
  await app.ready(green, 60_000);
  expect(await colours("paused")).toEqual(["green"]);

  const mark = await world.audit.mark();
  first.signal("SIGCONT");
  await waitFor("it to notice", first.log, (log) => log.includes('"Lease lost: writing stopped"'));
  const last = await app.deploy({ "deploy/last.yaml": manifest(configMap("last", { n: "1" })) });
  await waitFor("its run to end", async () => (await first.log()).includes("run ended early"));

  const writes = (await world.audit.targetWritesSince(mark)).filter(succeeded).map(inWords);
  expect(writes).toEqual(["patch configmaps paused/last"]);
  expect(await colours("paused")).toEqual(["green"]);
  expect((await app.get()).status?.revision).toContain(last);
  const backwards = [...lives(watch.seen)].filter(
    ([name, life]) => name !== "last" && !["red,green", "green"].includes(life.join()),
  );
  expect(backwards).toEqual([]);
  watch.stop();
});

test("both replicas are alive after that, and drift is healed once", async () => {
  for (const replica of [world.controller, ...standbys])
    expect((await replica.probe("/readyz")).status).toBe(200);
  const mark = await world.audit.mark();
  await world.api.patch("ConfigMap", "paused", "settings-0", { data: { colour: "black" } });
  await waitFor(
    "the heal",
    () => world.api.read("ConfigMap", "paused", "settings-0"),
    isOf("green"),
  );
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
    "patch configmaps paused/settings-0",
  ]);
  expect(await holder()).toBe("replica-1");
});

test("SIGTERM of the leader lets its writes end, then gives the Lease away at once", async () => {
  for (const replica of [world.controller, ...standbys.splice(0)])
    expect(await replica.end("SIGTERM")).toBe(0);
  const begin = await world.audit.mark();
  const leader = await world.controllers.start({
    identity: "leader",
    flags: [...longLease, ...slowly],
  });
  await held("leader");
  const [request] = await world.audit.requestsSince(begin);
  if (request === undefined) throw new Error("the leader asked nothing");
  const credential = credentialOf(request);
  world.controller = await world.controllers.start({ identity: "standby", flags: longLease });

  const tenant = await world.createTenant("drained");
  const watch = await world.api.watch("ConfigMap", "drained");
  const app = await tenant.application("shop", { files: painted("blue") });
  await waitFor(
    "some objects",
    () => watch.seen.filter(isOf("blue")).length,
    (blue) => blue >= 10,
  );
  const ended = leader.end("SIGTERM");
  let code: number | null | undefined;
  void ended.then((value) => {
    code = value;
  });
  await waitFor(
    "its exit",
    () => code,
    (value) => value !== undefined,
  );
  expect(code).toBe(0);
  await held("standby");
  await app.ready(undefined, 60_000);
  expect((await world.api.list("ConfigMap", "drained")).filter(isOf("blue"))).toHaveLength(
    names.length,
  );

  const all = (await world.audit.requestsSince(begin)).filter(
    ({ objectRef }) => objectRef?.resource === "leases" || objectRef?.namespace === "drained",
  );
  const changes = all.filter(({ verb }) => ["create", "patch", "delete"].includes(verb));
  const ofLeader = changes.filter((entry) => credentialOf(entry) === credential);
  // Its last request of all gave the Lease away; nothing that it had begun was cut off.
  expect(ofLeader.at(-1)?.objectRef?.resource).toBe("leases");
  expect(ofLeader.filter((entry) => !succeeded(entry)).map(inWords)).toEqual([]);
  const created = changes.filter(
    (entry) => entry.objectRef?.resource === "configmaps" && entry.responseStatus?.code === 201,
  );
  const byLeader = created.filter((entry) => credentialOf(entry) === credential);
  expect(byLeader.length).toBeLessThan(names.length);
  expect(created.map(({ objectRef }) => objectRef?.name).sort()).toEqual([...names].sort());
  watch.stop();
});
