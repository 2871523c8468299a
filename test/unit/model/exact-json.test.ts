import fc from "fast-check";
import { expect, test } from "vitest";
import { exactInteger, isExactInteger, parseExact } from "../../../src/model/exact-json.ts";

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
