import { expect, test } from "vitest";
import { defaultLimits } from "../../../src/render/limits.ts";
import { ParserFailure, ParserPool } from "../../../src/render/parser-pool.ts";

const good = Buffer.from("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");

test("threads start with work, no more than allowed, and end when idle", async () => {
  const pool = new ParserPool({ workers: 2, deadlineMs: 10_000, idleMs: 0, limits: defaultLimits });
  expect(pool.size).toBe(0);
  const answers = await Promise.all(Array.from({ length: 6 }, () => pool.parse([good])));
  expect(answers.every(([outcome]) => outcome?.ok)).toBe(true);
  expect(pool.size).toBeLessThanOrEqual(2);
  await expect.poll(() => pool.size).toBe(0);
  expect((await pool.parse([good, good])).length).toBe(2);
  await pool.close();
});

test("past its deadline a thread is ended, and the next job gets another", async () => {
  const pool = new ParserPool({ workers: 1, deadlineMs: 1, limits: defaultLimits });
  await expect(pool.parse([good])).rejects.toThrow(ParserFailure);
  expect(pool.size).toBe(0);
  await expect(pool.parse([good])).rejects.toThrow("takes longer than");
  await pool.close();
});

test("a file that takes too much memory ends its thread, not the process", async () => {
  const pool = new ParserPool({
    workers: 1,
    deadlineMs: 15_000,
    heapMiB: 32,
    limits: defaultLimits,
  });
  const hungry = Buffer.from(`x:\n${"- {a: b, c: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n".repeat(300_000)}`);
  const failed = pool.parse([hungry]);
  const next = pool.parse([good]);
  await expect(failed).rejects.toThrow("32 MiB of memory");
  expect((await next)[0]?.ok).toBe(true);
  await pool.close();
});

test("a closed pool ends its threads and refuses", async () => {
  const pool = new ParserPool({ workers: 1, deadlineMs: 10_000, limits: defaultLimits });
  const open = pool.parse([good]);
  const queued = pool.parse([good]);
  const settled = Promise.allSettled([open, queued]);
  await pool.close();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(pool.parse([good])).rejects.toThrow("closed");
});
