import { expect, test } from "vitest";
import { facts } from "../../../../src/cli/output/facts.ts";
import { terminalOf } from "../../../../src/cli/output/terminal.ts";

const stream = (isTTY: boolean) => ({ write: () => true, isTTY, columns: 120 });
const terminal = (isTTY: boolean, env: Record<string, string> = {}) =>
  terminalOf(stream(isTTY), stream(false), env);

test("colours are for terminals, and for those that want them", () => {
  expect(terminal(true).colour).toBe(true);
  expect(terminal(false).colour).toBe(false);
  expect(terminal(true, { NO_COLOR: "1" }).colour).toBe(false);
  expect(terminal(true, { NO_COLOR: "" }).colour).toBe(true);
  expect(terminal(true, { TERM: "dumb" }).colour).toBe(false);
});

test("lines are as long as the terminal is wide, or COLUMNS says; in a pipe as they are", () => {
  expect(terminal(true).columns).toBe(120);
  expect(terminal(false).columns).toBeUndefined();
  expect(terminal(false, { COLUMNS: "80" }).columns).toBe(80);
  for (const COLUMNS of ["", "0", "-1", "wide", "8.5"])
    expect(terminal(true, { COLUMNS }).columns).toBe(120);
});

test("facts stand below each other, fold at spaces and leave out what is not known", () => {
  const known = [
    ["Object", "web"],
    ["Nothing"],
    ["Fields", "one two three four five", "six"],
  ] as const;
  expect(facts(known, { columns: undefined, colour: false })).toBe(
    "Object:  web\nFields:  one two three four five\n         six\n",
  );
  expect(facts(known, { columns: 30, colour: false })).toBe(
    "Object:  web\nFields:  one two three four\n           five\n         six\n",
  );
});
