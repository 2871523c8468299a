/** Equal inputs, equal bytes: in any thread, after anything, started anew or not. */
import { expect, test } from "vitest";
import { MemoryFiles } from "./files.ts";
import { misbehavingSandbox, said } from "./fixture.ts";
import type { Step } from "./modules.ts";

const everything: Step[] = [
  { do: "random" },
  { do: "clock" },
  { do: "elapsed" },
  { do: "sleep", count: 3_600 },
  { do: "mathrand" },
  { do: "garbage", count: 200 },
  { do: "random" },
  { do: "read", text: "a" },
];
const files = () => new MemoryFiles({ a: "eins" });

test("an outcome is the same in other threads, of other sandboxes, in any order", async () => {
  const [one, two] = [await misbehavingSandbox(), await misbehavingSandbox({ workers: 2 })];
  const first = await one.run(everything, { files: files() });
  await two.run([{ do: "random" }, { do: "hold", count: 20 }], { key: "other" });
  const again = await Promise.all(
    ["a", "b", "c", "d"].map((key) => two.run(everything, { files: files(), key })),
  );
  for (const answer of again) expect(answer).toEqual(first);
  expect(first.dependsOn).toEqual({ random: true, clock: true });
  await one.run([{ do: "panic" }]).catch(() => {});
  expect(await one.run(everything, { files: files() })).toEqual(first);
});

test("the clock stands where it was set, and time passes only by sleeping", async () => {
  const { run } = await misbehavingSandbox();
  const { clock, sleep } = said(await run(everything, { files: files() }));
  expect(clock).toBe("2024-05-06T07:08:09Z");
  expect(sleep).toBe("true");
  const other = await run([{ do: "clock" }], { clock: new Date("2030-01-01T00:00:00Z") });
  expect(said(other).clock).toBe("2030-01-01T00:00:00Z");
});

test("random numbers follow from the seed, those of Go's runtime too", async () => {
  const { run } = await misbehavingSandbox();
  const drawn = async (seed: string) =>
    said(await run([{ do: "random" }, { do: "mathrand" }], { seed: Buffer.from(seed), key: seed }));
  const [a, b] = [await drawn("a"), await drawn("b")];
  expect(a.random).not.toBe(b.random);
  expect(a.mathrand).not.toBe(b.mathrand);
  expect(await drawn("a")).toEqual(a);
});

test("what draws numbers of Go's runtime is run from the seed, and at once the next time", async () => {
  const { run, costs } = await misbehavingSandbox();
  const first = await run([{ do: "mathrand" }]);
  expect(costs.pop()).toMatchObject({ repeated: true });
  expect(await run([{ do: "mathrand" }])).toEqual(first);
  expect(costs.pop()).toMatchObject({ repeated: false });
  // Its chart no longer does: back to what all others get.
  const without = await run([{ do: "renders" }]);
  expect(costs.pop()).toMatchObject({ repeated: true });
  expect(await run([{ do: "renders" }], { key: "another" })).toEqual(without);
});

test("nothing of a run is there for the next one", async () => {
  const { run } = await misbehavingSandbox();
  const steps: Step[] = [
    { do: "renders" },
    { do: "uptime" },
    { do: "sleep", count: 100 },
    { do: "hold", count: 5 },
  ];
  const first = said(await run(steps));
  expect(first.uptime).toMatch(/^\+0\./);
  expect(said(await run(steps))).toEqual(first);
});

test("a run says what it depends on; a collection of garbage is no look at the clock", async () => {
  const { run } = await misbehavingSandbox();
  const depends = async (...steps: Step[]) => (await run(steps)).dependsOn;
  expect(await depends({ do: "garbage", count: 300 })).toEqual({ random: false, clock: false });
  expect(await depends({ do: "random" })).toEqual({ random: true, clock: false });
  expect(await depends({ do: "mathrand" })).toEqual({ random: true, clock: false });
  expect(await depends({ do: "clock" })).toEqual({ random: false, clock: true });
  expect(await depends({ do: "garbage", count: 300 }, { do: "clock" })).toEqual({
    random: false,
    clock: true,
  });
  expect(await depends({ do: "declared-clock" })).toEqual({ random: false, clock: true });
});
