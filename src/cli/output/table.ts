/**
 * Rows by columns, fitted to a terminal: first what may be cut is cut, then what may be left out is
 * left out. Names are neither: a line may be longer than the terminal, a name never wrong.
 */
import { coloured, type Tone, toneOf } from "./colour.ts";
import { neutralLine } from "./neutral.ts";
import { cut, widthOf } from "./width.ts";

export interface Column<Row> {
  /** In capitals, as kubectl's. */
  readonly header: string;
  /** Empty is shown as nothing, never as `undefined`. */
  readonly cell: (row: Row) => string;
  /** May be cut to so many columns. */
  readonly least?: number;
  /** Left out where there is no room: the greatest first. Without it: never. */
  readonly expendable?: number;
  /** Colour by the cell's text unless it says otherwise. */
  readonly tone?: (row: Row) => Tone | undefined;
}

export interface Layout {
  /** As Terminal has it. */
  readonly columns: number | undefined;
  readonly colour: boolean;
  /** Not for lines that follow a table which stands already. */
  readonly headers?: boolean;
}

const gap = 3;

/** Lines, each with its end. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  layout: Layout,
): string {
  const all = columns.map((column) => {
    const cells = rows.map((row) => neutralLine(column.cell(row)));
    const width = Math.max(widthOf(column.header), ...cells.map(widthOf));
    return { column, cells, width };
  });
  const shown = fitted(all, layout.columns);
  const line = (texts: readonly string[], tones: readonly (Tone | undefined)[]) =>
    `${texts
      .map((text, at) => {
        const width = shown[at]?.width ?? 0;
        const short = cut(text, width);
        const pad = at === texts.length - 1 ? "" : " ".repeat(width - widthOf(short) + gap);
        return coloured(short, tones[at], layout.colour) + pad;
      })
      .join("")
      .trimEnd()}\n`;
  const lines = rows.map((row, at) =>
    line(
      shown.map(({ cells }) => cells[at] ?? ""),
      shown.map(({ column, cells }) =>
        column.tone === undefined ? toneOf(cells[at] ?? "") : column.tone(row),
      ),
    ),
  );
  const headers = line(
    shown.map(({ column }) => column.header),
    [],
  );
  return (layout.headers === false ? "" : headers) + lines.join("");
}

interface Measured<Row> {
  column: Column<Row>;
  cells: readonly string[];
  width: number;
}

function fitted<Row>(
  all: readonly Measured<Row>[],
  columns: number | undefined,
): readonly Measured<Row>[] {
  if (columns === undefined) return all;
  let shown = all;
  for (;;) {
    const over = total(shown) - columns;
    if (over <= 0) return shown;
    const narrowed = narrow(shown, over);
    if (total(narrowed) <= columns) return narrowed;
    const last = shown.reduce<Measured<Row> | undefined>(
      (worst, one) =>
        (one.column.expendable ?? 0) > (worst?.column.expendable ?? 0) ? one : worst,
      undefined,
    );
    if (last === undefined) return narrowed;
    shown = shown.filter((one) => one !== last);
  }
}

/** Takes from the rightmost first, each to its least. */
function narrow<Row>(shown: readonly Measured<Row>[], over: number): readonly Measured<Row>[] {
  let left = over;
  return [...shown]
    .reverse()
    .map((one) => {
      const { least, header } = one.column;
      if (least === undefined || left <= 0) return one;
      const width = Math.max(least, widthOf(header), one.width - left);
      if (width >= one.width) return one;
      left -= one.width - width;
      return { ...one, width };
    })
    .reverse();
}

function total(shown: readonly { width: number }[]): number {
  return shown.reduce((sum, { width }) => sum + width, 0) + gap * Math.max(0, shown.length - 1);
}
