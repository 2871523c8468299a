import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { LeaseLock, type LeaseLockOptions, leaseKind } from "../../../src/cluster/lease.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import type { Transport } from "../../../src/cluster/transport.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { type Access, access, eventually } from "./access.ts";

let plane: ControlPlane;
let cluster: Access;
let ns: string;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false, audit: false });
  cluster = await access(plane.adminKubeconfig);
}, 120_000);

beforeEach(async () => {
  ns = await cluster.namespace("lease");
});

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  await cluster?.connection.close();
  await plane?.stop();
});

interface Replica {
  lock: LeaseLock;
  log: string[];
  /** Moves this replica's clock: as after SIGSTOP and SIGCONT. */
  skip(ms: number): void;
  /** Ends its loop, as kill -9 does: without a release. */
  kill(): Promise<void>;
}

function replica(holder: string, options: Partial<LeaseLockOptions> = {}): Replica {
  const log: string[] = [];
  let skipped = 0;
  const lock = new LeaseLock({
    objects: cluster.objects,
    namespace: ns,
    name: "shard-0",
    holder,
    durationMs: 60_000,
    renewMs: 30,
    monotonic: () => performance.now() + skipped,
    now: () => new Date(),
    onAcquired: () => log.push("acquired"),
    onLost: () => log.push("lost"),
    ...options,
  });
  const stop = new AbortController();
  const running = lock.run(stop.signal);
  const kill = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  ends.push(kill);
  return {
    lock,
    log,
    skip: (ms) => {
      skipped += ms;
    },
    kill,
  };
}

async function record(): Promise<{
  holderIdentity?: string;
  leaseTransitions?: number;
  renewTime?: string;
}> {
  const lease = await cluster.objects.get(leaseKind, ns, "shard-0");
  return (lease?.spec ?? {}) as { holderIdentity?: string; leaseTransitions?: number };
}

test("one of several replicas holds the Lease, renews it, and the others wait", async () => {
  const replicas = ["a", "b", "c"].map((holder) => replica(holder));
  await eventually("a holder", () => replicas.some(({ lock }) => lock.mayWrite()));
  const first = (await record()).renewTime;
  await eventually("renewals", async () => (await record()).renewTime !== first);
  expect(replicas.filter(({ lock }) => lock.mayWrite()).length).toBe(1);
  expect(replicas.flatMap(({ log }) => log)).toEqual(["acquired"]);
});

test("release hands it over at once", async () => {
  const one = replica("one");
  await eventually("the first holder", () => one.lock.mayWrite());
  const two = replica("two");
  await one.lock.release();
  expect(one.lock.mayWrite()).toBe(false);
  expect(one.log).toEqual(["acquired", "lost"]);
  await eventually("the second holder", () => two.lock.mayWrite());
  expect(await record()).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
});

test("release hands it over also in the middle of a renewal, and ends the loop", async () => {
  let slow: Promise<void> | undefined;
  let waiting = 0;
  const one = replica("one", {
    objects: delayed(() => {
      if (slow !== undefined) waiting += 1;
      return slow;
    }),
  });
  await eventually("the first holder", () => one.lock.mayWrite());
  slow = new Promise(() => {});
  await eventually("a renewal under way", () => waiting > 0);
  slow = undefined;
  await one.lock.release();
  expect(await record()).toMatchObject({ holderIdentity: "" });
  await one.kill();
  expect(one.log).toEqual(["acquired", "lost"]);
});

test("a restarted container renews its own Lease at once", async () => {
  const before = replica("pod-uid");
  await eventually("the holder", () => before.lock.mayWrite());
  await before.kill();
  const after = replica("pod-uid");
  await eventually("the same holder", () => after.lock.mayWrite(), 5_000);
  expect(await record()).toMatchObject({ holderIdentity: "pod-uid", leaseTransitions: 0 });
});

test("a dead holder is replaced only after its Lease was seen unchanged for its whole duration", async () => {
  const dead = replica("dead");
  await eventually("the holder", () => dead.lock.mayWrite());
  await dead.kill();
  let asked = 0;
  const heir = replica("heir", {
    objects: counted(() => {
      asked += 1;
    }),
  });
  await eventually("some tries", () => asked >= 3);
  heir.skip(59_000);
  const then = asked;
  await eventually("more tries", () => asked >= then + 2);
  expect(heir.log).toEqual([]);
  heir.skip(2_000);
  await eventually("the heir holds it", () => heir.lock.mayWrite());
});

test("a clock that is wrong by hours makes no difference", async () => {
  const hours = 3_600_000;
  const holder = replica("late", { now: () => new Date(Date.now() - 5 * hours) });
  await eventually("the holder", () => holder.lock.mayWrite());
  let asked = 0;
  const other = replica("early", {
    now: () => new Date(Date.now() + 5 * hours),
    objects: counted(() => {
      asked += 1;
    }),
  });
  await eventually("some tries", () => asked >= 5);
  expect(other.log).toEqual([]);
  expect(holder.lock.mayWrite()).toBe(true);
});

test("a holder that was stopped for longer than its Lease may not write from the moment it wakes, and says that it lost it", async () => {
  const stopped = replica("stopped");
  await eventually("the holder", () => stopped.lock.mayWrite());
  stopped.skip(61_000);
  expect(stopped.lock.mayWrite()).toBe(false);
  await eventually("it notices", () => stopped.log.includes("lost"));
  // Nobody took it meanwhile, so it may take it again: as a new leader, which reads everything anew.
  await eventually("it is back", () => stopped.lock.mayWrite());
  expect(stopped.log).toEqual(["acquired", "lost", "acquired"]);
});

test("a holder that wakes after another took over stays out", async () => {
  let wake: () => void = () => {};
  let frozen: Promise<void> | undefined;
  const stopped = replica("stopped", { objects: delayed(() => frozen) });
  await eventually("the holder", () => stopped.lock.mayWrite());
  frozen = new Promise((resolve) => {
    wake = resolve;
  });
  let asked = 0;
  const heir = replica("heir", {
    objects: counted(() => {
      asked += 1;
    }),
  });
  await eventually("the heir saw the Lease at rest", () => asked >= 3);
  heir.skip(61_000);
  await eventually("the heir holds it", () => heir.lock.mayWrite());
  stopped.skip(61_000);
  expect(stopped.lock.mayWrite()).toBe(false);
  frozen = undefined;
  wake();
  await eventually("it notices", () => stopped.log.includes("lost"));
  expect(stopped.lock.mayWrite()).toBe(false);
  expect(stopped.log).toEqual(["acquired", "lost"]);
  expect(await record()).toMatchObject({ holderIdentity: "heir" });
});

test("a holder whose apiserver is away stops writing before the Lease runs out", async () => {
  let away = false;
  const cutOff = replica("cut-off", {
    objects: delayed(() => (away ? Promise.reject(new Error("away")) : undefined)),
    durationMs: 600,
  });
  await eventually("the holder", () => cutOff.lock.mayWrite());
  away = true;
  await eventually("it stops by itself", () => cutOff.log.includes("lost"));
  expect(cutOff.lock.mayWrite()).toBe(false);
});

test("the time to write counts from before the renewal was sent", async () => {
  let now = 0;
  let slow = 0;
  const lock = replica("slow", {
    monotonic: () => now,
    objects: delayed(() => {
      now += slow;
      return undefined;
    }),
    durationMs: 9_000,
    renewMs: 5,
  });
  await eventually("the holder", () => lock.lock.mayWrite());
  // A renewal takes 7 s on its way, and 6 are for writing.
  slow = 7_000;
  await eventually("renewals too slow to be worth anything", () => lock.log.includes("lost"));
});

function counted(count: () => void): Objects {
  return delayed(() => {
    count();
    return undefined;
  });
}

/** The real cluster, behind something that may hold up or fail each request. */
function delayed(before: () => Promise<void> | undefined): Objects {
  const transport: Transport = {
    async request(request) {
      const obstacle = before();
      if (obstacle !== undefined)
        await Promise.race([
          obstacle,
          new Promise((_, reject) =>
            request.signal?.addEventListener("abort", () => reject(request.signal?.reason)),
          ),
        ]);
      return cluster.transport.request(request);
    },
    stream: (request) => cluster.transport.stream(request),
  };
  return new Objects(transport);
}
