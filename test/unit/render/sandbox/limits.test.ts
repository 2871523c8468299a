import { describe, expect, test } from "vitest";
import type { Problem } from "../../../../src/model/problem.ts";
import { MemoryFiles } from "./files.ts";
import { misbehavingSandbox, said } from "./fixture.ts";
import type { Step } from "./modules.ts";

const MiB = 1024 * 1024;

test("a loop ends at the deadline, and the next run has a thread that is ready", async () => {
  const { run, costs } = await misbehavingSandbox({ limits: { deadlineMs: 2_000 } });
  await run([]);
  const loop = run([{ do: "loop" }]);
  await expect(loop).rejects.toMatchObject({ code: "LimitExceeded" });
  await expect(loop).rejects.toThrow("app: rendering takes longer than 2 s");
  await run([{ do: "renders" }]);
  // Made ready by the thread that is gone.
  expect(costs.pop()).toMatchObject({ cold: false });
});

test("the time in which files are waited for does not count", async () => {
  const { run } = await misbehavingSandbox({ limits: { deadlineMs: 1_000 } });
  const before = () => new Promise<void>((resolve) => setTimeout(resolve, 400));
  const files = new MemoryFiles({ a: "eins" }, { before });
  const answer = await run(Array<Step>(4).fill({ do: "read", text: "a" }), { files });
  expect(answer.objects).toHaveLength(4);
  const loop = run([{ do: "read", text: "a" }, { do: "loop" }], { files });
  await expect(loop).rejects.toThrow("takes longer than 1 s");
});

test("memory has an end, of which the message tells; it is nobody else's", async () => {
  const { run } = await misbehavingSandbox({ limits: { memoryPages: (64 * MiB) / 65_536 } });
  const large: Step[] = [{ do: "hold", count: 55 }, { do: "renders" }];
  expect(said(await run(large)).renders).toBe("2");
  const bomb = run([{ do: "hold", count: 100 }]);
  await expect(bomb).rejects.toMatchObject({ code: "LimitExceeded" });
  await expect(bomb).rejects.toThrow("rendering needs more than 64 MiB of memory");
  // What another one's run took is there for the next.
  await run([{ do: "hold", count: 12 }]);
  expect(said(await run(large)).renders).toBe("2");
});

test("garbage is collected before memory ends", async () => {
  const { run } = await misbehavingSandbox({ limits: { memoryPages: (64 * MiB) / 65_536 } });
  expect((await run([{ do: "garbage", count: 1_000 }, { do: "renders" }])).objects).toHaveLength(1);
});

describe("a run ends with a Problem that names the bound", async () => {
  const { run } = await misbehavingSandbox({
    limits: {
      outputBytes: 4 * MiB,
      objects: 100,
      depth: 20,
      values: 500,
      fileOperations: 50,
      readBytes: 10_000,
    },
  });
  const reads = (count: number): Step[] =>
    Array.from({ length: count }, () => ({ do: "read", text: "a" }));
  const files = () => new MemoryFiles({ a: "x".repeat(1_000) });
  const deep = (depth: number) => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`;
  const nested = (depth: number): Step => ({
    do: "object",
    text: `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"s":"[[[[\\"[[[[","n":${deep(depth)}}`,
    origin: "templates/x.yaml",
  });

  test.each<[string, Step[], string]>([
    ["output", [{ do: "large", count: 5 * MiB }], "rendering writes more than 4 MiB"],
    ["objects", [{ do: "objects", count: 101 }], "rendering writes more than 100 objects"],
    ["depth", [nested(20)], "templates/x.yaml: nested deeper than 20"],
    [
      "values",
      [{ do: "object", text: `[${"1,".repeat(500)}1]`, origin: "v.yaml" }],
      "v.yaml: an object of more than 500 values",
    ],
    [
      "depth, far past it",
      [{ do: "deep", count: 100_000, origin: "d.yaml" }],
      "nested deeper than",
    ],
    ["questions", Array(51).fill({ do: "stat", text: "a" }), "asks for files more than 50 times"],
    ["files", reads(11), "rendering reads more than 0 MiB of files"],
  ])("%s", async (_, steps, message) => {
    const over = run(steps, { files: files() });
    await expect(over).rejects.toMatchObject({ code: "LimitExceeded" } satisfies Partial<Problem>);
    await expect(over).rejects.toThrow(message);
  });

  test("and not before it", async () => {
    const steps = [
      ...reads(10),
      nested(18),
      ...Array<Step>(40).fill({ do: "stat", text: "a" }),
      { do: "objects", count: 49, text: "x".repeat(80_000) },
    ];
    expect((await run(steps, { files: files() })).objects).toHaveLength(100);
  });

  test("a gigabyte of output is ended with its first megabytes", async () => {
    const flood = run([{ do: "objects", count: 1_000_000, text: "x".repeat(100_000) }]);
    await expect(flood).rejects.toThrow("writes more than 4 MiB");
  });
});

test("text that is written to standard error is not kept", async () => {
  const { run } = await misbehavingSandbox();
  const answer = await run([
    { do: "stderr", text: "z".repeat(10_000), count: 2_000 },
    { do: "renders" },
  ]);
  expect(said(answer).renders).toBe("2");
});
