import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLines } from "../../../src/cluster/json-lines.ts";

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const result: string[] = [];
  for await (const line of lines) result.push(line);
  return result;
}

test("lines come out as they went in, wherever the chunks are cut, also inside a character", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 })),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (values, sizes) => {
        const lines = values.map((value) => JSON.stringify(value));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        expect(await collect(jsonLines(chunked(bytes, sizes), 1_000_000))).toEqual(lines);
      },
    ),
  );
});

test("a line that the stream leaves unfinished is dropped", async () => {
  const bytes = Buffer.from('{"a":1}\n{"b":');
  expect(await collect(jsonLines(chunked(bytes, [3]), 100))).toEqual(['{"a":1}']);
});

test("a line beyond the bound is refused before it is held", async () => {
  const endless = (async function* () {
    for (;;) yield Buffer.alloc(1000, "x");
  })();
  await expect(collect(jsonLines(endless, 10_000))).rejects.toThrow(RangeError);
});

test("a long line in small chunks is copied once, not once a chunk", async () => {
  const size = 8_000_000;
  let copied = 0;
  const concat = Buffer.concat;
  Buffer.concat = (list, length) => {
    const joined = concat(list, length);
    copied += joined.length;
    return joined;
  };
  try {
    const line = Buffer.alloc(size, "x");
    line[size - 1] = 0x0a;
    expect((await collect(jsonLines(chunked(line, [1000]), 2 * size)))[0]?.length).toBe(size - 1);
    expect(copied).toBeLessThanOrEqual(size);
  } finally {
    Buffer.concat = concat;
  }
});
