/**
 * Rows by columns, fitted to a terminal: first what may be cut is cut, then what may be left out is
 * left out. Names are neither: a line may be longer than the terminal, a name never wrong.
 */
import { coloured, type Tone, toneOf } from "./colour.ts";
import { folded } from "./fold.ts";
import { neutralLine } from "./neutral.ts";
import { cut, widthOf } from "./width.ts";

export interface Column<Row> {
  /** In capitals, as kubectl's. */
  readonly header: string;
  readonly cell: (row: Row) => string;
  /** May be cut to so many columns. */
  readonly least?: number;
  /** Left out where there is no room: the greatest first. Without it: never. */
  readonly expendable?: number;
  /** The last one only: goes on in further lines below itself, and is never cut. */
  readonly folds?: true;
  /** Colour by the cell's text unless it says otherwise. */
  readonly tone?: (row: Row) => Tone | undefined;
}

export interface Layout {
  /** As Terminal has it. */
  readonly columns: number | undefined;
  readonly colour: boolean;
}

/** A table that may get further rows: the widths are those of the first ones. */
export interface Table<Row> {
  readonly headers: string;
  /** With its end. */
  line(row: Row): string;
}

const gap = 3;
/** What is left for a text that folds; with less it is as long as it is. */
const narrowest = 30;

export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  layout: Layout,
): string {
  const { headers, line } = layOut(columns, rows, layout);
  return headers + rows.map(line).join("");
}

export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { columns: room, colour }: Layout,
): Table<Row> {
  const all = columns.map((column) => {
    const widest = Math.max(
      widthOf(column.header),
      ...rows.map((row) => widthOf(neutralLine(column.cell(row)))),
    );
    return { column, width: column.folds ? Math.min(widest, narrowest) : widest };
  });
  const shown = fitted(all, room);
  const indent = total(shown.slice(0, -1)) + gap;
  const below = (text: string): string =>
    room === undefined || room - indent < narrowest
      ? text
      : folded(text, room - indent).join(`\n${" ".repeat(indent)}`);
  const line = (cells: readonly { text: string; tone?: Tone | undefined }[]) =>
    `${cells
      .map(({ text, tone }, at) => {
        const { width = 0, column } = shown[at] ?? {};
        const last = at === cells.length - 1;
        if (column?.folds && last) return below(text);
        const fits = column?.least === undefined ? text : cut(text, width);
        const pad = last ? "" : " ".repeat(Math.max(0, width - widthOf(fits)) + gap);
        return coloured(fits, tone, colour) + pad;
      })
      .join("")
      .trimEnd()}\n`;
  return {
    headers: line(shown.map(({ column }) => ({ text: column.header }))),
    line: (row) =>
      line(
        shown.map(({ column }) => {
          const text = neutralLine(column.cell(row));
          return { text, tone: column.tone === undefined ? toneOf(text) : column.tone(row) };
        }),
      ),
  };
}

interface Measured<Row> {
  column: Column<Row>;
  width: number;
}

function fitted<Row>(
  all: readonly Measured<Row>[],
  room: number | undefined,
): readonly Measured<Row>[] {
  if (room === undefined) return all;
  for (let shown = all; ; ) {
    const narrowed = narrow(shown, total(shown) - room);
    if (total(narrowed) <= room) return narrowed;
    const last = shown.reduce<Measured<Row> | undefined>(
      (worst, one) =>
        (one.column.expendable ?? 0) > (worst?.column.expendable ?? 0) ? one : worst,
      undefined,
    );
    if (last === undefined) return narrowed;
    shown = shown.filter((one) => one !== last);
  }
}

/** Takes so many columns from the rightmost first, from each down to its least. */
function narrow<Row>(shown: readonly Measured<Row>[], over: number): readonly Measured<Row>[] {
  let left = over;
  return shown
    .toReversed()
    .map((one) => {
      const { least, header } = one.column;
      if (least === undefined || left <= 0) return one;
      const width = Math.max(least, widthOf(header), one.width - left);
      if (width >= one.width) return one;
      left -= one.width - width;
      return { ...one, width };
    })
    .toReversed();
}

function total(shown: readonly { width: number }[]): number {
  return shown.reduce((sum, { width }) => sum + width, 0) + gap * Math.max(0, shown.length - 1);
}
