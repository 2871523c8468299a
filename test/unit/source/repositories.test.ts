import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Problem, Problem as ProblemError } from "../../../src/model/problem.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { refKey } from "../../../src/source/git/refs.ts";
import type { GitRemote, Resolution } from "../../../src/source/git/remote.ts";
import { Repositories } from "../../../src/source/repositories.ts";
import type { SourceClock, TrackOptions } from "../../../src/source/tracking.ts";

/** A remote in memory: refs that the test moves, and a count of what is asked. */
class MemoryRemote implements GitRemote {
  refs = new Map<string, string>();
  down: Problem | undefined;
  looks: { url: string; refs: string[] }[] = [];
  opened: string[] = [];
  forgotten: string[] = [];
  /** While set, looks wait for it. */
  gate: Promise<void> | undefined;

  async resolve(o: Parameters<GitRemote["resolve"]>[0]): Promise<readonly Resolution[]> {
    this.looks.push({ url: o.url, refs: o.refs.map(refKey) });
    const refs = new Map(this.refs);
    await this.gate;
    o.signal.throwIfAborted();
    if (this.down !== undefined) throw this.down;
    return o.refs.map((ref) => {
      if (ref?.commit !== undefined) return { commit: ref.commit, revision: `sha1:${ref.commit}` };
      const commit = refs.get(refKey(ref));
      return commit === undefined
        ? new ProblemError("RevisionNotFound", `no ${refKey(ref)}`)
        : { commit, revision: `${refKey(ref)}@sha1:${commit}` };
    });
  }

  async open(o: Parameters<GitRemote["open"]>[0]): Promise<Snapshot> {
    this.opened.push(o.commit);
    if (this.down !== undefined) throw this.down;
    return {
      revision: o.revision,
      commit: { id: o.commit, author: "", subject: "", time: "" },
      list: async () => [],
      entry: async () => undefined,
      children: async () => [],
      read: async () => new Map(),
    };
  }

  async forget({ url }: { url: string }): Promise<void> {
    this.forgotten.push(url);
  }
  async close(): Promise<void> {}
}

/** Time that stands until the test moves it. */
class ManualClock implements SourceClock {
  timers: { ms: number; callback: () => void }[] = [];
  chance = 0.5;
  time = 0;
  now(): number {
    return this.time;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  random(): number {
    return this.chance;
  }
  /** The one timer that a poll has between looks. */
  get pause(): number | undefined {
    expect(this.timers.length).toBeLessThanOrEqual(1);
    return this.timers[0]?.ms;
  }
  fire(): void {
    const [timer] = this.timers.splice(0, 1);
    timer?.callback();
  }
}

let remote: MemoryRemote;
let clock: ManualClock;
let repositories: Repositories;
beforeEach(() => {
  remote = new MemoryRemote();
  clock = new ManualClock();
  repositories = new Repositories({ remote, clock });
  remote.refs.set("refs/heads/main", "1");
});
afterEach(() => repositories.close());

const follow = (o: Partial<TrackOptions> = {}) => {
  const changes: string[] = [];
  const tracking = repositories.track({
    url: "https://host/x.git",
    ref: { branch: "main" },
    intervalMs: 20_000,
    onChange: () => {
      const now = tracking.current();
      changes.push(
        now.state === "failed" ? now.problem.code : now.state === "known" ? now.commit : "",
      );
    },
    ...o,
  });
  return { ...tracking, changes };
};
const looked = (count: number) => expect.poll(() => remote.looks.length).toBe(count);
const unreachable = (what = "down", retryAfter?: number) =>
  new ProblemError("SourceUnreachable", what, retryAfter === undefined ? {} : { retryAfter });

describe("one poll for each repository and credential", () => {
  test("a thousand applications of one branch cost one look", async () => {
    const all = Array.from({ length: 1000 }, () => follow());
    await Promise.all(all.map((one) => one.settled()));
    expect(remote.looks).toHaveLength(1);
    expect(all.every(({ changes }) => changes.join() === "1")).toBe(true);
    clock.fire();
    await looked(2);
  });

  test("several refs are one question, another credential is another poll", async () => {
    remote.refs.set("refs/tags/v1", "2");
    const trackings = [
      follow(),
      follow({ ref: { tag: "v1" } }),
      follow({ ref: undefined }),
      follow({ credentials: { kind: "bearer", token: "t" } }),
    ];
    await Promise.all(trackings.map((one) => one.settled()));
    expect(remote.looks.map(({ refs }) => refs)).toEqual([
      ["refs/heads/main", "refs/tags/v1", "HEAD"],
      ["refs/heads/main"],
    ]);
    expect(repositories.size).toBe(2);
    expect(trackings.map((one) => one.current().state)).toEqual([
      "known",
      "known",
      "failed",
      "known",
    ]);
  });

  test("the shortest interval counts, spread a little, never below five seconds", async () => {
    const slow = follow({ intervalMs: 60_000 });
    await slow.settled();
    expect(clock.pause).toBe(60_000);
    const quick = follow({ intervalMs: 20_000 });
    expect(clock.pause).toBe(20_000);
    const hasty = follow({ intervalMs: 10 });
    expect(clock.pause).toBe(5000);
    for (const [chance, pause] of [
      [0, 4500],
      [0.9999999, 5500],
    ] as const) {
      clock.chance = chance;
      clock.fire();
      await expect.poll(() => Math.round(clock.pause ?? 0)).toBe(pause);
    }
    clock.chance = 0.5;
    quick.stop();
    hasty.stop();
    clock.fire();
    await expect.poll(() => clock.pause).toBe(60_000);
  });

  test("between looks nothing is asked, and a pinned commit is never asked for again", async () => {
    const pinned = follow({ ref: { commit: "c".repeat(40) } });
    await pinned.settled();
    expect(pinned.current()).toMatchObject({ state: "known", revision: `sha1:${"c".repeat(40)}` });
    expect(clock.timers).toEqual([]);
  });
});

describe("when it was last looked at", () => {
  test("is the end of the last look, also of one that failed, and unknown before", async () => {
    const tracking = follow();
    expect(tracking.lookedAt()).toBeUndefined();
    await tracking.settled();
    clock.time = 20_000;
    expect(tracking.lookedAt()).toBe(0);
    remote.down = unreachable();
    clock.fire();
    await expect.poll(() => tracking.lookedAt()).toBe(20_000);
  });

  test("is always now for a commit that is known: it cannot move", async () => {
    const pinned = follow({ ref: { commit: "c".repeat(40) } });
    await pinned.settled();
    clock.time = 86_400_000;
    expect(pinned.lookedAt()).toBe(86_400_000);
  });
});

describe("what is told", () => {
  test("a new commit once, the same one never again", async () => {
    const one = follow();
    await one.settled();
    clock.fire();
    await expect.poll(() => clock.pause).toBe(20_000);
    expect(one.changes).toEqual(["1"]);
    remote.refs.set("refs/heads/main", "2");
    clock.fire();
    await expect.poll(() => one.changes).toEqual(["1", "2"]);
    expect(one.current()).toMatchObject({ commit: "2", revision: "refs/heads/main@sha1:2" });
  });

  test("a failure once, its change, its end; with what was known before", async () => {
    const one = follow();
    await one.settled();
    for (const problem of [unreachable(), unreachable(), unreachable("other"), undefined]) {
      remote.down = problem;
      clock.fire();
      await expect.poll(() => clock.timers.length).toBe(1);
    }
    expect(one.changes).toEqual(["1", "SourceUnreachable", "SourceUnreachable", "1"]);
    remote.down = unreachable();
    clock.fire();
    await expect.poll(() => one.current().state).toBe("failed");
    expect(one.current()).toMatchObject({ last: { commit: "1" } });
  });

  test("a ref that is gone does not touch the others", async () => {
    remote.refs.set("refs/heads/dev", "9");
    const main = follow();
    const dev = follow({ ref: { branch: "dev" } });
    await Promise.all([main.settled(), dev.settled()]);
    remote.refs.delete("refs/heads/dev");
    clock.fire();
    await expect.poll(() => dev.changes).toEqual(["9", "RevisionNotFound"]);
    expect(main.changes).toEqual(["1"]);
    expect(clock.pause).toBe(20_000);
  });

  test("refresh looks at once and is answered, also when nothing changed", async () => {
    const one = follow();
    const other = follow();
    await one.settled();
    one.refresh();
    one.refresh();
    await one.settled();
    expect(remote.looks).toHaveLength(2);
    expect([one.changes, other.changes]).toEqual([["1", "1"], ["1"]]);
  });

  test("a refresh during a look is followed by another look, which sees the push", async () => {
    const one = follow();
    await one.settled();
    let open = () => {};
    remote.gate = new Promise((resolve) => {
      open = resolve;
    });
    clock.fire();
    await looked(2);
    remote.refs.set("refs/heads/main", "2");
    one.refresh();
    const settled = one.settled();
    remote.gate = undefined;
    open();
    await settled;
    expect(remote.looks).toHaveLength(3);
    expect(one.changes).toEqual(["1", "2"]);
  });

  test("one that joins long after the last look waits for another, which sees the push", async () => {
    const first = follow();
    await first.settled();
    clock.time = 5_000;
    expect(follow().current()).toMatchObject({ state: "known", commit: "1" });
    expect(remote.looks).toHaveLength(1);
    remote.refs.set("refs/heads/main", "2");
    clock.time = 5_001;
    const late = [follow(), follow()];
    expect(late.map((one) => one.current().state)).toEqual(["pending", "pending"]);
    expect(first.current()).toMatchObject({ state: "known", commit: "1" });
    await Promise.all(late.map((one) => one.settled()));
    expect(remote.looks).toHaveLength(2);
    expect(late.map(({ changes }) => changes)).toEqual([["2"], ["2"]]);
    clock.time = 20_000;
    const pinned = follow({ ref: { commit: "1" } });
    await pinned.settled();
    const same = follow({ ref: { commit: "1" } });
    expect(same.current().state).toBe("known");
  });

  test("one that joins a ref whose look then fails is told of the failure", async () => {
    await follow().settled();
    clock.time = 6_000;
    remote.down = unreachable();
    const late = follow();
    await late.settled();
    expect(late.changes).toEqual(["SourceUnreachable"]);
  });

  test("one that joins while a look is under way waits for that look", async () => {
    let open = () => {};
    remote.gate = new Promise((resolve) => {
      open = resolve;
    });
    follow();
    await looked(1);
    const late = follow();
    const settled = late.settled();
    open();
    await settled;
    expect(late.current().state).toBe("known");
    expect(remote.looks).toHaveLength(1);
  });
});

describe("after failures", () => {
  test("pauses double up to two minutes, and end with the first answer", async () => {
    remote.down = unreachable();
    const one = follow();
    await one.settled();
    const pauses: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      pauses.push(clock.pause);
      clock.fire();
      await looked(i + 2);
      await expect.poll(() => clock.timers.length).toBe(1);
    }
    expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000]);
    remote.down = undefined;
    clock.fire();
    await expect.poll(() => clock.pause).toBe(20_000);
  });

  test("what the server asked to wait is waited", async () => {
    remote.down = unreachable("busy", 300);
    await follow().settled();
    expect(clock.pause).toBe(300_000);
  });
});

describe("snapshots", () => {
  test("one commit is opened once for all who follow it, by whatever name", async () => {
    remote.refs.set("refs/tags/v1", "1");
    const [a, b] = [follow(), follow({ ref: { tag: "v1" } })];
    await Promise.all([a.settled(), b.settled()]);
    const snapshots = await Promise.all(
      [a, b, a].map((one) => {
        const now = one.current();
        return now.state === "known" ? now.snapshot() : undefined;
      }),
    );
    expect(remote.opened).toEqual(["1"]);
    expect(snapshots.map((snapshot) => snapshot?.revision)).toEqual([
      "refs/heads/main@sha1:1",
      "refs/tags/v1@sha1:1",
      "refs/heads/main@sha1:1",
    ]);
  });

  test("a failed opening is tried again by the next who asks", async () => {
    const one = follow();
    await one.settled();
    const now = one.current();
    if (now.state !== "known") throw new Error("not known");
    remote.down = unreachable();
    await expect(now.snapshot()).rejects.toThrow("down");
    remote.down = undefined;
    expect((await now.snapshot()).commit.id).toBe("1");
  });
});

describe("stopping", () => {
  test("a repository that nobody follows asks nothing, and is forgotten after a while", async () => {
    const one = follow();
    await one.settled();
    one.stop();
    await one.settled();
    expect(remote.looks).toHaveLength(1);
    expect(remote.forgotten).toEqual([]);
    clock.fire();
    expect(remote.forgotten).toEqual(["https://host/x.git"]);
    expect(repositories.size).toBe(0);
  });

  test("one that is followed again in time is kept", async () => {
    const one = follow();
    await one.settled();
    one.stop();
    const two = follow({ intervalMs: 30_000 });
    await two.settled();
    expect(clock.pause).toBe(30_000);
    expect(remote.forgotten).toEqual([]);
  });

  test("close ends timers and whoever waits", async () => {
    const one = follow();
    await one.settled();
    const waiting = one.settled();
    repositories.close();
    await waiting;
    expect(clock.timers).toEqual([]);
    expect(() => follow()).toThrow("closed");
  });
});
