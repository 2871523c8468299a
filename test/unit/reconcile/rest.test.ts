import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRelease, Rest } from "../../../src/reconcile/rest.ts";

let cpu: number;
let released: number[];
let rest: Rest;

beforeEach(() => {
  vi.useFakeTimers();
  cpu = 0;
  released = [];
  rest = new Rest({
    intervalMs: 5_000,
    cpuSeconds: () => cpu,
    release: async () => {
      released.push(cpu);
      cpu += 2;
    },
  });
  rest.start();
});
afterEach(() => {
  rest.stop();
  vi.useRealTimers();
});

const quiet = () => vi.advanceTimersByTimeAsync(5_000);
const work = (seconds: number) => {
  cpu += seconds;
  return quiet();
};

test("memory is given back once, when it is quiet after work", async () => {
  await work(3);
  await work(4);
  expect(released).toEqual([]);
  await quiet();
  expect(released).toEqual([7]);
  for (let times = 0; times < 10; times++) await quiet();
  expect(released).toEqual([7]);
});

test("work that goes on is not disturbed", async () => {
  for (let times = 0; times < 100; times++) await work(0.3);
  expect(released).toEqual([]);
});

test("little work, now and then, adds up to one release", async () => {
  for (let times = 0; times < 60; times++) await work(0.02);
  expect(released).toHaveLength(1);
});

test("after stop nothing is looked at", async () => {
  rest.stop();
  await work(3);
  await quiet();
  expect(released).toEqual([]);
});

test("garbage is gone after a release", async () => {
  vi.useRealTimers();
  const release = memoryRelease();
  const garbage = new WeakRef(Array.from({ length: 1000 }, (_, index) => ({ index })));
  await release();
  expect(garbage.deref()).toBeUndefined();
});
