import { expect, test } from "vitest";
import { misbehavingSandbox, said } from "./fixture.ts";

test("threads start with work, no more than allowed, and end when idle", async () => {
  const { run, sandbox, costs } = await misbehavingSandbox({ workers: 2, idleMs: 20 });
  expect(sandbox.load).toEqual({ busy: 0, idle: 0, waiting: 0 });
  const runs = Array.from({ length: 6 }, (_, i) => run([{ do: "renders" }], { key: `k${i}` }));
  expect(sandbox.load).toEqual({ busy: 2, idle: 0, waiting: 4 });
  await Promise.all(runs);
  expect(sandbox.load.busy + sandbox.load.idle).toBeLessThanOrEqual(2);
  await expect.poll(() => sandbox.load.idle).toBe(0);
  costs.length = 0;
  expect(said(await run([{ do: "renders" }])).renders).toBe("2");
  // With the last thread the renderer was dropped.
  expect(costs).toMatchObject([{ cold: true }]);
});

test("a second thread gets the renderer from the first one", async () => {
  const { run, costs } = await misbehavingSandbox({ workers: 2 });
  await run([]);
  const stop = new AbortController();
  const loop = run([{ do: "loop" }], { key: "loop", signal: stop.signal }).catch(() => {});
  await run([], { key: "good" });
  expect(costs.at(-1)).toMatchObject({ cold: false });
  stop.abort();
  await loop;
});

test("a thread that ends while it makes the renderer ready holds nobody up who waits for that", async () => {
  const { run, sandbox } = await misbehavingSandbox({ workers: 2 });
  const stop = new AbortController();
  const first = run([], { key: "first", signal: stop.signal }).catch((error: Error) => error.name);
  const second = run([{ do: "renders" }], { key: "second" });
  await expect.poll(() => sandbox.load.busy, { interval: 1 }).toBe(2);
  stop.abort();
  expect(await first).toBe("AbortError");
  expect(said(await second).renders).toBe("2");
});

test("a thread runs both renderers", async () => {
  const { run, sandbox, costs } = await misbehavingSandbox({ workers: 1 });
  for (const renderer of ["kustomize", "helm", "kustomize", "helm"] as const) {
    expect(said(await run([{ do: "renders" }], { renderer })).renders).toBe("2");
  }
  expect(costs.map(({ cold }) => cold)).toEqual([true, true, false, false]);
  expect(sandbox.load).toEqual({ busy: 0, idle: 1, waiting: 0 });
});

test("a thread whose memory grew large ends after its run", async () => {
  const { run, sandbox } = await misbehavingSandbox();
  expect((await run([{ do: "hold", count: 100 }, { do: "renders" }])).objects).toHaveLength(1);
  expect(sandbox.load).toEqual({ busy: 0, idle: 0, waiting: 0 });
  expect((await run([{ do: "renders" }])).objects).toHaveLength(1);
});
