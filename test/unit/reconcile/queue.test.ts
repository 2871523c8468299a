import { describe, expect, it } from "vitest";
import { Fights } from "../../../src/reconcile/fights.ts";
import { priorities, WorkQueue } from "../../../src/reconcile/queue.ts";

function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("WorkQueue", () => {
  it("says of a key whether it waits or is worked on, a delayed run aside", async () => {
    const { open, opened } = gate();
    const queue = new WorkQueue({ concurrency: 1, work: () => opened });
    queue.add("a", priorities.normal);
    queue.add("b", priorities.normal);
    queue.addAfter("c", 60_000, priorities.normal);
    await turn();
    expect(["a", "b", "c"].map((key) => queue.isDue(key))).toEqual([true, true, false]);
    open();
    await queue.drain();
    expect(queue.isDue("a")).toBe(false);
  });

  it("runs one key at a time and once more for what came in meanwhile", async () => {
    let running = 0;
    let most = 0;
    const { open, opened } = gate();
    const ran: string[] = [];
    const queue = new WorkQueue({
      concurrency: 4,
      work: async (key) => {
        most = Math.max(most, ++running);
        ran.push(key);
        await opened;
        running--;
      },
    });
    queue.add("a", priorities.normal);
    await turn();
    queue.add("a", priorities.normal);
    queue.add("a", priorities.heal);
    open();
    await turn();
    await turn();
    await queue.drain();
    expect(ran).toEqual(["a", "a"]);
    expect(most).toBe(1);
  });

  it("takes the urgent first, and a waiting key can move up", async () => {
    const { open, opened } = gate();
    const ran: string[] = [];
    const queue = new WorkQueue({
      concurrency: 1,
      work: async (key) => {
        ran.push(key);
        await opened;
      },
    });
    queue.add("first", priorities.normal);
    await turn();
    queue.add("late", priorities.background);
    queue.add("normal", priorities.normal);
    queue.add("heal", priorities.heal);
    queue.add("late", priorities.prompt);
    open();
    for (let i = 0; i < 10; i++) await turn();
    expect(ran).toEqual(["first", "heal", "late", "normal"]);
  });

  it("drains: nothing new starts, what runs ends", async () => {
    const { open, opened } = gate();
    const ran: string[] = [];
    const queue = new WorkQueue({
      concurrency: 1,
      work: async (key) => {
        await opened;
        ran.push(key);
      },
    });
    queue.add("running", priorities.normal);
    await turn();
    queue.add("waiting", priorities.normal);
    const drained = queue.drain();
    open();
    await drained;
    queue.add("after", priorities.heal);
    await turn();
    expect(ran).toEqual(["running"]);
  });
});

describe("Fights", () => {
  it("heals at once at first, then waits longer and longer, and forgets after a quiet time", () => {
    const fights = new Fights();
    const pauses: number[] = [];
    let now = 0;
    for (let heal = 0; heal < 8; heal++) {
      fights.healed("a", now);
      pauses.push(fights.pause("a", now));
      now += 1;
    }
    expect(pauses.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(pauses.slice(4)).toEqual([2_000, 6_000, 18_000, 54_000]);
    expect(fights.pause("b", now)).toBe(0);
    expect(fights.pause("a", now + 11 * 60_000)).toBe(0);
  });
});
