/** What is known of one thing: a name and a value a line. */
import { coloured } from "./colour.ts";
import { folded } from "./fold.ts";
import { neutralLine } from "./neutral.ts";
import type { Layout } from "./table.ts";

/** Values are at least so wide, however narrow the terminal is. */
const narrowest = 20;

/**
 * Several values of one name stand below each other; a name without any is left out. What does not
 * fit goes on in the next line: nothing is cut.
 */
export function facts(
  known: readonly (readonly [name: string, ...values: readonly string[]])[],
  { columns, colour }: Layout,
): string {
  const told = known.filter(([, ...values]) => values.length > 0);
  const label = Math.max(0, ...told.map(([name]) => name.length + 1)) + 2;
  const room = columns === undefined ? undefined : Math.max(narrowest, columns - label);
  return told
    .flatMap(([name, ...values]) =>
      values
        .flatMap((value) => folded(neutralLine(value), room))
        .map((line, at) => {
          const shown = (at === 0 ? `${name}:` : "").padEnd(label);
          return `${coloured(shown, "faint", colour)}${line}\n`;
        }),
    )
    .join("");
}
