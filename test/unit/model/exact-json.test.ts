import fc from "fast-check";
import { expect, test } from "vitest";
import {
  exactInteger,
  isDeeper,
  isExactInteger,
  parseExact,
} from "../../../src/model/exact-json.ts";

test("every 64-bit integer survives parsing and writing, digit for digit", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
      const text = `{"a":[${value}],"b":"${value}"}`;
      expect(JSON.stringify(parseExact(text))).toBe(text);
      expect(JSON.stringify(exactInteger(value))).toBe(String(value));
    }),
  );
});

test("an integer that a number holds is a number", () => {
  expect(exactInteger(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
  expect(isExactInteger(exactInteger(2n ** 53n))).toBe(true);
});

test("everything else is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify([value, "1234567890123456"]);
      expect(JSON.stringify(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("texts stay what they are beside long integers, whatever they begin with", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("\0i1", "\0t", "\0", '\\"', "9".repeat(20)));
  const value = fc.dictionary(text, fc.array(text));
  fc.assert(
    fc.property(value, fc.nat(3), (value, indent) => {
      const one = JSON.stringify({ ...value, n: 1 }, null, indent);
      const long = one.replace(/1(\n?})$/, "18446744073709551615$1");
      expect(JSON.stringify(parseExact(long), null, indent)).toBe(long);
    }),
  );
});

test("what is no JSON stays none for having long integers in it", () => {
  const n = "12345678901234567890";
  for (const text of [
    `{${n}: 1}`,
    `{${n} : 1}`,
    `[0${n}]`,
    `[1 ${n}]`,
    `["${n}]`,
    `[${n}"x"]`,
    `[--${n}]`,
  ])
    expect(() => parseExact(text), text).toThrow(SyntaxError);
  expect(parseExact(`[1.${n}, ${n}e2, 1e-${n}]`)).toEqual(JSON.parse(`[1.${n}, ${n}e2, 1e-${n}]`));
});

test("an object of any depth is read, with its integers: who writes it takes nobody else down", () => {
  const text = `${'{"a":'.repeat(9_000)}12345678901234567890${"}".repeat(9_000)}`;
  let inner = parseExact(`[${text},{"kind":"Application"}]`) as unknown;
  expect((inner as unknown[])[1]).toEqual({ kind: "Application" });
  inner = (inner as unknown[])[0];
  for (let level = 0; level < 9_000; level++) inner = (inner as { a: unknown }).a;
  expect(JSON.stringify(inner)).toBe("12345678901234567890");
});

test("depth is measured in levels of collections", () => {
  expect(isDeeper(1, 0)).toBe(false);
  expect(isDeeper({ a: [1] }, 2)).toBe(false);
  expect(isDeeper({ a: [[]] }, 2)).toBe(true);
  expect(isDeeper(JSON.parse(`${"[".repeat(9_000)}${"]".repeat(9_000)}`), 8_999)).toBe(true);
});
