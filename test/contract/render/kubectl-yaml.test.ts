/**
 * What a YAML file means is what kubectl makes of it: the same texts through both, the JSON compared.
 * `kubectl patch --local` reads as `kubectl apply` does, and asks no server.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlPlaneBinaries } from "../../../setup/control-plane.mjs";
import { defaultLimits } from "../../../src/render/limits.ts";
import { createDocumentReader } from "../../../src/render/yaml/documents.ts";

let directory: string;
let files = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-yaml-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

async function byKubectl(text: string | Buffer): Promise<string> {
  const file = join(directory, `${files++}.yaml`);
  await writeFile(file, text);
  const { stdout } = await promisify(execFile)(
    controlPlaneBinaries().kubectl,
    ["patch", "--local", "-f", file, "-o", "json", "--type", "merge", "-p", "{}"],
    { env: { PATH: "/usr/bin:/bin", HOME: directory } },
  );
  return stdout;
}

const read = createDocumentReader(defaultLimits);
const byMooring = (text: string | Buffer) =>
  read(Buffer.from(text))
    .filter(({ value }) => value !== null)
    .map(({ value }) => JSON.stringify(value));

/** JSON text with sorted keys and each number in its digits; past int64, kubectl prints a double. */
function canonical(json: string): string {
  const parse = JSON.parse as unknown as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  const tagged = parse(json, (_, value, { source }) => {
    if (typeof value !== "number") return value;
    const exact = /^-?\d+$/.test(source ?? "") && Math.abs(value) < 2 ** 63;
    return exact ? `number ${BigInt(source ?? "")}` : `number ${value}`;
  });
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sorted(item)]),
    );
  };
  return JSON.stringify(sorted(tagged), null, 1);
}

const scalars = [
  "yes no on off y n Y N Yes YES true True TRUE false no No NO On OFF oN tRUE yEs",
  "~ null Null NULL nULL",
  "0777 0o17 0O17 0o8 08 089 0 00 01 -0777 0x1F 0XfF -0xff 0xg 0b101 0B11 -0b1 +0b1 0b2 0x 0b 0o",
  "1_000 1__0 _1 1_ +1_0 -1_000 0x_1F 0b1_0 1_000.5 1_0e1_0",
  "1:30 190:20:30 12:30:45.5",
  "1e3 1E3 1e+3 1e-3 -1e3 1.e3 1.5e3 .5 .5e1 -.5 +.5 5. 1.0 1.50 1e400 -1e400 1e-400 .e5 . .5_0 1.2.3 1e 1e1e1",
  "12 +12 -12 +0 -0 -0.0 0.0 007 1e21 1e20 1e-7 123456789.123456789 0.1 100000000000000000000",
  "9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808 9223372036854775808 -9223372036854775809 +9223372036854775808 18446744073709551615 18446744073709551616 0xFFFFFFFFFFFFFFFF 0x10000000000000000 01777777777777777777777 02000000000000000000000",
  "2001-01-01 2001-1-1 2001-12-14t21:59:43.10-05:00 2001-01-01T00:00:00Z 20010101",
  "a-b a_b 1a -a --- -- +a +-1 1,000 1.2.3.4 10.0.0.0/8 1Gi 100m 5% 3s 0.1.0 v1 = << ! foo:bar http://x/y:1 a#b",
].flatMap((line) => line.split(" "));

const documents: Record<string, string | Buffer> = {
  "quoted words stay strings": `data: {a: "yes", b: 'no', c: "1", d: '0777', e: "null", f: '~', g: ""}\n`,
  "block scalars":
    "data:\n  a: |\n    one\n    two\n\n  b: |-\n    one\n\n  c: |+\n    one\n\n  d: >\n    one\n    two\n\n    three\n  e: >-\n    folded\n      more\n    less\n  f: |2\n      indented\n  g: |\n    true\n",
  "plain over several lines":
    "data:\n  a: one\n    two\n\n    three\n  b: 'one\n    two'\n  c: \"one\\\n    two\\n\\t\\u00e9\\x41\\U0001F600\"\n",
  "carriage returns": "data:\r\n  a: x\r\n  b: |\r\n    one\r\n    two\r\n",
  "byte order mark": Buffer.concat([
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from(`${head}data: {a: b}\n`),
  ]),
  "empty values": "data:\n  a:\n  b: ~\n  c: []\n  d: {}\n  e: ''\n  f:\n    -\n    - ~\n",
  "keys that are not strings":
    "data:\n  1: a\n  0777: b\n  yes: c\n  off: d\n  -5: e\n  ? x y\n  : f\n",
  "anchors and aliases":
    "data:\n  a: &x {k: [1, 2]}\n  b: *x\n  c: [*x, *x]\n  d: &s text\n  e: *s\n  *s : key\n",
  "merge before, after and in a list":
    "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\ndata:\n  first: {<<: *x, a: 9}\n  last: {a: 9, <<: *x}\n  list: {<<: [*x, *y], c: 9}\n  two:\n    <<: *x\n    b: 7\n    <<: *y\n  inline: {<<: {z: 1}, y: 2}\n  nested: {<<: &n {<<: *x, a: 5}}\n  again: {<<: *n}\n",
  "a quoted << is a key": 'data: {"<<": {a: 1}}\n',
  "a << that is no key": "data: {a: <<, b: [<<, x]}\n",
  tags: 'data: {a: !!str 123, b: !!str yes, c: !!int "3", d: !!float 3, e: !!bool yes, f: !!null ~, g: !!map {}, h: !!seq []}\n',
  unicode: "data: {ä: ö, 日本: 'ü', emoji: 😀, esc: \"\\u65e5\"}\n",
  "flow over lines": "data: {\n  a: [\n    1,\n    2,\n  ],\n  b: {c: d,},\n}\n",
  "question mark and colon in plain text":
    "data:\n  a: a?b\n  b: b:c\n  c: 'x: y'\n  d: x#y\n  e: -1-1\n  f: a, b [c] {d}\n",
  "brackets and quotes that are not indented":
    'data:\n  a: [\n    "x",\n  ]\n  b: {\nc: d,\n    e: [\n1,\n],\n}\n  c: "one\ntwo"\n  d: [ # why\n# that\n    x\n  ]\n  e: |\n    {\n      "json": [\n      ]\n    }\n',
  "a list at the indentation of its key":
    "data:\n  a:\n  - x: 1\n    y: 2\n  -\n    - 3\n  - - 4\n    - 5\n",
  "a key that looks like the prototype": "data: {__proto__: {a: 1}, constructor: x, toString: y}\n",
};

const whole: Record<string, string> = {
  "JSON with tabs, exponents and escapes":
    '{"apiVersion": "v1", "kind": "ConfigMap",\n\t"metadata": {"name": "a"},\n\t"data": {"a": 1e3, "b": "\\u00e9\\ud83d\\ude00\\/\\b\\f\\n", "c":[true,null,-1.5],"d":{"x":9007199254740993}}}\n',
  "comments and document markers": `# one\n---\n# two\n${head}data: {a: b} # three\n# four\n`,
  "JSON indented by tabs, closed at the margin":
    '{"apiVersion": "v1", "kind": "ConfigMap", "metadata":\n{"name":"a"},"data":\n\t{"x":[\n1\n]\n}\n}\n',
  "two documents": `${head}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n`,
  "empty documents": `---\n---\n# nothing\n---\n${head}---\n---\n`,
  "a marker with a comment": `--- # first\n${head}--- # second\n${head}`,
};

describe("a YAML file means what kubectl makes of it", () => {
  test("every kind of plain scalar", async () => {
    const text = `${head}data:\n${scalars.map((scalar, i) => `  k${i}: ${scalar === "! " ? "x" : scalar}\n`).join("")}`;
    const [ours = ""] = byMooring(text);
    expect(canonical(ours)).toBe(canonical(await byKubectl(text)));
  });

  test.each(Object.entries(documents))("%s", async (_, body) => {
    const text = typeof body === "string" ? head + body : body;
    const [ours = ""] = byMooring(text);
    expect(canonical(ours)).toBe(canonical(await byKubectl(text)));
  });

  test.each(Object.entries(whole))("%s", async (_, text) => {
    const theirs = (await byKubectl(text)).split(/^(?=\{)/m);
    expect(byMooring(text).map(canonical)).toEqual(theirs.map(canonical));
  });

  test.each([
    ["infinity", "data: {a: .inf}\n"],
    ["not a number", "data: {a: [.NaN]}\n"],
    ["an alias without anchor", "data: {a: *x}\n"],
    ["an anchor in itself", "data: &x {a: *x}\n"],
    ["a merge of a scalar", "data: {<<: 1}\n"],
    ["a list as a key", "data: {[a]: b}\n"],
    ["null as a key", "data: {~: b}\n"],
    ["a tab as indentation", "data:\n\ta: b\n"],
    ["wrong indentation", "data:\n  a: b\n c: d\n"],
    ["an open quote", 'data: {a: "b}\n'],
    ["an open bracket", "data: {a: [b}\n"],
    ["a mapping in plain text", "data: a: b\n"],
    ["an int tag on a word", "data: {a: !!int x}\n"],
  ])("what kubectl refuses is refused: %s", async (_, body) => {
    await expect(byKubectl(head + body)).rejects.toThrow("error");
    expect(() => byMooring(head + body)).toThrow();
  });

  test("kubectl takes the last of two equal keys; here they are refused, with their line", async () => {
    const text = `${head}data:\n  a: 1\n  a: 2\n`;
    expect(JSON.parse(await byKubectl(text)).data).toEqual({ a: 2 });
    expect(() => byMooring(text)).toThrow(expect.objectContaining({ line: 6, column: 3 }));
  });

  test("kubectl drops what follows `...`; here it is a document", async () => {
    const text = `${head}...\n${head}`;
    expect(JSON.parse(await byKubectl(text)).kind).toBe("ConfigMap");
    expect(byMooring(text)).toHaveLength(2);
  });

  test("a fraction as a key would lose its zeros; here it is refused", async () => {
    const text = `${head}data: {1.10: a}\n`;
    expect(JSON.parse(await byKubectl(text)).data).toEqual({ "1.1": "a" });
    expect(() => byMooring(text)).toThrow("quotes");
  });
});
