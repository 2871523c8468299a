/** Figures as a table for a terminal, and as a document for whoever compares runs. */
import { type Figure, goalOf, inUnit, isMissed } from "./figure.ts";

export function table(figures: readonly Figure[]): string {
  const rows = [
    ["", "what", "measured", "goal", ""],
    ...figures.map((figure) => [
      figure.scenario,
      figure.what,
      inUnit(figure),
      goalOf(figure),
      goalOf(figure) === "" ? "" : isMissed(figure) ? "MISSED" : "ok",
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}
