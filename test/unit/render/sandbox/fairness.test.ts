import { describe, expect, test } from "vitest";
import { Admission } from "../../../../src/render/sandbox/admission.ts";
import { MemoryFiles } from "./files.ts";
import { misbehavingSandbox, said } from "./fixture.ts";

class Job {
  readonly key: string;
  readonly name: string;
  constructor(name: string) {
    this.key = name.replace(/\d+$/, "");
    this.name = name;
  }
}

function admission(places: number, ...names: string[]) {
  const line = new Admission<Job>(places);
  for (const name of names) line.add(new Job(name));
  const started = () => {
    const all: string[] = [];
    for (let job = line.next(); job !== undefined; job = line.next()) all.push(job.name);
    return all.join(" ");
  };
  return { line, started };
}

describe("who runs next", () => {
  test("keys take turns, however much each asks for", () => {
    const { line, started } = admission(1, "a1", "a2", "a3", "b1", "c1");
    const order = [];
    for (let key = "a"; order.length < 5; ) {
      order.push(started());
      key = order.at(-1)?.[0] ?? key;
      line.done(key, false);
    }
    expect(order.join(" ")).toBe("a1 b1 c1 a2 a3");
  });

  test("tenants take turns, however many applications each has", () => {
    const many = Array.from({ length: 20 }, (_, n) => `mallory/${"abcdefghijklmnopqrst"[n]}1`);
    const { line, started } = admission(2, ...many, "honest/a1", "honest/b1", "other/a1");
    expect(started()).toBe("mallory/a1 honest/a1");
    line.done("mallory/a", false);
    expect(started()).toBe("other/a1");
    line.done("honest/a", false);
    line.done("other/a", false);
    expect(started()).toBe("mallory/b1 honest/b1");
    expect(line.waiting).toBe(18);
    expect(line.clear()).toHaveLength(18);
    expect(line.ordinaryWaits).toBe(false);
  });

  test("a key runs once at a time, though there is place", () => {
    const { line, started } = admission(3, "a1", "a2", "b1");
    expect(started()).toBe("a1 b1");
    line.done("a", false);
    expect(started()).toBe("a2");
  });

  test("what took too much waits behind all others, also with what it asked before", () => {
    const { line, started } = admission(1, "a1", "a2", "b1", "b2");
    expect(started()).toBe("a1");
    line.done("a", true);
    line.add(new Job("a3"));
    const order = [];
    for (let key = ""; ; line.done(key, key === "a")) {
      const name = started();
      if (name === "") break;
      order.push(name);
      key = name[0] ?? "";
    }
    expect(order.join(" ")).toBe("b1 b2 a2 a3");
  });

  test("suspects never take the last place", () => {
    const { line, started } = admission(3, "a1", "b1", "c1");
    expect(started()).toBe("a1 b1 c1");
    for (const key of ["a", "b", "c"]) line.done(key, true);
    for (const name of ["a2", "b2", "c2"]) line.add(new Job(name));
    expect(started()).toBe("a2 b2");
    line.add(new Job("d1"));
    expect(started()).toBe("d1");
    line.done("a", false);
    expect(started()).toBe("c2");
  });

  test("who behaves again is as good as any", () => {
    const { line, started } = admission(1, "a1");
    started();
    line.done("a", true);
    expect(line.isSuspect("a")).toBe(true);
    line.add(new Job("a2"));
    started();
    line.done("a", false);
    expect(line.isSuspect("a")).toBe(false);
  });

  test("what was taken back does not run", () => {
    const { line, started } = admission(1);
    const job = new Job("a1");
    line.add(job);
    expect(line.remove(job)).toBe(true);
    expect(started()).toBe("");
    expect(line.remove(job)).toBe(false);
    expect(line.waiting).toBe(0);
  });
});

describe("hostile applications", () => {
  test("that loop, more than there are threads, hold nobody up until their deadlines", async () => {
    const { run, sandbox } = await misbehavingSandbox({
      workers: 2,
      patienceMs: 50,
      limits: { deadlineMs: 60_000 },
    });
    const stop = new AbortController();
    const loops = Array.from({ length: 6 }, (_, i) =>
      run([{ do: "loop" }], { key: `loop-${i}`, signal: stop.signal }),
    );
    const ended = Promise.allSettled(loops);
    for (let i = 0; i < 5; i++) expect((await run([], { key: "good" })).objects).toEqual([]);
    expect(sandbox.load).toMatchObject({ busy: 1, waiting: 5 });
    stop.abort();
    expect((await ended).every(({ status }) => status === "rejected")).toBe(true);
    await expect.poll(() => sandbox.load.busy + sandbox.load.waiting).toBe(0);
  });

  test("that wait for files that do not come hold nobody up either", async () => {
    const { run } = await misbehavingSandbox({ workers: 1, patienceMs: 50 });
    let come = () => {};
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    const files = new MemoryFiles({ a: "eins" }, { before: () => coming });
    const slow = run([{ do: "read", text: "a" }], { key: "slow", files });
    expect((await run([], { key: "good" })).objects).toEqual([]);
    come();
    expect(said(await slow).read).toBe("eins");
  });

  test("that end before their deadlines wait behind the others all the same", async () => {
    const { run } = await misbehavingSandbox({ workers: 1, patienceMs: 100 });
    const long = { do: "garbage", count: 2_000 };
    const first = run([long], { key: "slow" });
    await run([], { key: "good" });
    await first;
    const order: string[] = [];
    const told = (key: string) => run([], { key }).then(() => order.push(key));
    await Promise.all([run([long], { key: "busy" }), told("slow"), told("good")]);
    expect(order).toEqual(["good", "slow"]);
    const second = run([long], { key: "busy" });
    await Promise.all([second, told("slow"), told("good")]);
    // What is quick again is as good as any.
    expect(order.slice(2)).toEqual(["slow", "good"]);
  });

  test("hold no files while they wait, and give way while theirs are fetched", async () => {
    const { run, sandbox } = await misbehavingSandbox({ workers: 1, patienceMs: 50 });
    const asked: string[] = [];
    let come = () => {};
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    const waiting = ["a", "b", "c"].map((name) => {
      const files = new MemoryFiles({ [name]: "eins" });
      const expected = async () => {
        asked.push(name);
        await coming;
        return new Map([[name, { file: Buffer.from("zwei") }]]);
      };
      const one = Object.assign(files, { expected });
      return run([{ do: "read", text: name }], { key: name, files: one });
    });
    expect(asked).toEqual(["a"]);
    expect(sandbox.load).toMatchObject({ busy: 1, waiting: 2 });
    expect((await run([], { key: "good" })).objects).toEqual([]);
    come();
    for (const answer of await Promise.all(waiting)) expect(said(answer).read).toBe("zwei");
    expect(asked.slice(0, 3)).toEqual(["a", "b", "c"]);
  });

  test("with one thread give way as well, and are run to their deadline later", async () => {
    const { run } = await misbehavingSandbox({
      workers: 1,
      patienceMs: 50,
      limits: { deadlineMs: 500 },
    });
    const order: string[] = [];
    const loop = run([{ do: "loop" }], { key: "loop" }).catch((error) => order.push(error.code));
    const good = run([], { key: "good" }).then(() => order.push("good"));
    await Promise.all([loop, good]);
    expect(order).toEqual(["good", "LimitExceeded"]);
  });
});
