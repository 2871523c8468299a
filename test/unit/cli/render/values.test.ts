import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { valuesOf } from "../../../../src/cli/render/values.ts";
import type { HelmValues } from "../../../../src/model/render-options.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "mooring-values-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function values(texts: readonly string[], below: HelmValues = {}, input = "") {
  const files = await Promise.all(
    texts.map(async (text, i) => {
      if (text === "-") return text;
      await writeFile(join(cwd, `${i}.yaml`), text);
      return `${i}.yaml`;
    }),
  );
  return valuesOf(files, below, { cwd, input: Readable.from([Buffer.from(input)]) });
}

test("maps are merged member by member, lists and all else replaced, the later file wins", async () => {
  const first = "image: {tag: '1', name: web}\nlist: [1, 2]\nkept: true\n";
  const second = "image: {tag: '2'}\nlist: [3]\nkept: {a: 1}\n";
  expect(await values([first, second], { image: { tag: "0", pull: "Always" } })).toEqual({
    image: { tag: "2", name: "web", pull: "Always" },
    list: [3],
    kept: { a: 1 },
  });
});

test("null stays: it takes a default of the chart away", async () => {
  expect(await values(["a: null\n"], { a: { b: 1 } })).toEqual({ a: null });
});

test("texts mean what Helm takes them for, integers are exact", async () => {
  const text = "a: on\nb: 0o10\nc: 9007199254740993\nd: 1.0\n";
  expect(JSON.stringify(await values([text]))).toBe('{"a":true,"b":8,"c":9007199254740993,"d":1}');
});

test("standard input is a file", async () => {
  expect(await values(["a: 1\n", "-"], {}, "a: 2\n")).toEqual({ a: 2 });
});

test("an empty file says nothing; a member called __proto__ is one", async () => {
  expect(await values(["", "# nothing\n"])).toEqual({});
  const result = await values(["__proto__: {polluted: true}\n"]);
  expect(Object.keys(result)).toEqual(["__proto__"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test.each([
  ["a: [", /^0\.yaml:\d+: /],
  ["a: hunter2: b", /^0\.yaml:\d+: (?!.*hunter2)/],
  ["- a", /^0\.yaml: values are a map/],
  ["a: 1\n---\nb: 2\n", /^0\.yaml: values are one document/],
])("%j is refused, naming the file and not what is in it", async (text, message) => {
  await expect(values([text])).rejects.toThrow(message);
});

test("a file that does not exist is told by the directory that it was looked for in", async () => {
  const reading = valuesOf(["prod.yaml"], {}, { cwd, input: Readable.from([]) });
  await expect(reading).rejects.toThrow(`--values: prod.yaml does not exist in ${cwd}: `);
  const directory = valuesOf(["."], {}, { cwd, input: Readable.from([]) });
  await expect(directory).rejects.toThrow("--values: . cannot be read: EISDIR");
});
