import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, layOut, table } from "../../../../src/cli/output/table.ts";
import { cut, widthOf } from "../../../../src/cli/output/width.ts";

interface Row {
  name: string;
  state: string;
  age: string;
  message: string;
}

const columns: Column<Row>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "STATE", cell: ({ state }) => state },
  { header: "AGE", cell: ({ age }) => age, expendable: 1 },
  { header: "MESSAGE", cell: ({ message }) => message, least: 10, tone: () => undefined },
];
const row: Row = { name: "web", state: "Healthy", age: "5m", message: "all that there is to say" };
const plain = { columns: undefined, colour: false };

describe("a table", () => {
  test("is as wide as it is where nobody says how wide it may be", () => {
    expect(table(columns, [row], plain)).toBe(
      "NAME   STATE     AGE   MESSAGE\nweb    Healthy   5m    all that there is to say\n",
    );
  });

  test("takes no name for a state, whatever JavaScript has by that name", () => {
    const named = table(columns, [{ ...row, name: "constructor" }], { ...plain, colour: true });
    expect(stripVTControlCharacters(named)).toContain("constructor   Healthy");
  });

  test("cuts what may be cut before it leaves out what may be left out", () => {
    expect(table(columns, [row], { ...plain, columns: 40 })).toBe(
      "NAME   STATE     AGE   MESSAGE\nweb    Healthy   5m    all that there i…\n",
    );
    expect(table(columns, [row], { ...plain, columns: 30 })).toBe(
      "NAME   STATE     MESSAGE\nweb    Healthy   all that the…\n",
    );
  });

  test("is longer than the terminal rather than a name shorter than it is", () => {
    const name = "n".repeat(60);
    expect(table(columns, [{ ...row, name }], { ...plain, columns: 40 })).toContain(
      `${name}   Healthy`,
    );
  });

  test("fits whenever what must be whole leaves the room, and never loses a name or a state", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.string(),
            state: fc.string(),
            age: fc.string(),
            message: fc.string({ unit: "grapheme" }),
          }),
          { minLength: 1 },
        ),
        fc.integer({ min: 1, max: 200 }),
        (rows, room) => {
          const clean = rows.map((one) => ({
            ...one,
            name: one.name.trim(),
            state: one.state.trim(),
          }));
          const lines = table(columns, clean, { ...plain, columns: room })
            .split("\n")
            .slice(0, -1);
          expect(lines).toHaveLength(rows.length + 1);
          const whole = (key: "name" | "state", header: string) =>
            Math.max(header.length, ...clean.map((one) => widthOf(one[key])));
          const needed = whole("name", "NAME") + 3 + whole("state", "STATE") + 3 + 10;
          for (const [at, line] of lines.slice(1).entries()) {
            expect(line.startsWith(clean[at]?.name ?? "")).toBe(true);
            expect(line).toContain(clean[at]?.state ?? "");
            if (needed <= room) expect(widthOf(line)).toBeLessThanOrEqual(room);
          }
        },
      ),
    );
  });

  test("has colours for states that mean something, and only where they are wanted", () => {
    const coloured = table(columns, [row], { ...plain, colour: true });
    expect(coloured).toContain("\u001b[32mHealthy\u001b[39m");
    expect(stripVTControlCharacters(coloured)).toBe(table(columns, [row], plain));
  });

  test("keeps its widths for rows that come later", () => {
    const { headers, line } = layOut(columns, [row], plain);
    expect(headers + line({ ...row, name: "db" })).toBe(
      "NAME   STATE     AGE   MESSAGE\ndb     Healthy   5m    all that there is to say\n",
    );
    expect(line({ ...row, name: "a-longer-name" })).toContain("a-longer-name   Healthy");
  });

  test("is one line for each row, whatever stands in a cell", () => {
    const message = "a\r\nb\u001b[2J\u009b1m\u202ec";
    expect(table(columns, [{ ...row, message }], plain).split("\n")[1]).toBe(
      "web    Healthy   5m    a b\ufffd[2J\ufffd1m\ufffdc",
    );
  });

  test("a last column that folds goes on below itself, and loses no word", () => {
    const folding = [
      ...columns.slice(0, 3),
      { header: "MESSAGE", cell: ({ message }: Row) => message, folds: true as const },
    ];
    const message = "one two three four five six seven eight nine ten eleven twelve";
    const text = table(folding, [{ ...row, message }], { ...plain, columns: 60 });
    expect(
      text
        .split("\n")
        .slice(1, -1)
        .every((line) => widthOf(line) <= 60),
    ).toBe(true);
    expect(text.replace(/\s+/g, " ")).toContain(message);
  });
});

test("what is wide counts as wide, and a cut never splits a character", () => {
  expect([widthOf("abc"), widthOf("日本"), widthOf("e\u0301"), widthOf("👩‍👩‍👧")]).toEqual([
    3, 4, 1, 2,
  ]);
  expect([cut("日本語", 5), cut("日本語", 6), cut("日本語", 4)]).toEqual([
    "日本…",
    "日本語",
    "日…",
  ]);
});
