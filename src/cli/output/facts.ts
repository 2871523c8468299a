/** What is known of one thing: a name and a value a line. */
import { coloured } from "./colour.ts";
import { neutralLine } from "./neutral.ts";

/** Several values of one name stand below each other; a name without any is left out. */
export function facts(
  known: readonly (readonly [name: string, ...values: readonly string[]])[],
  colour: boolean,
): string {
  const told = known.filter(([, ...values]) => values.length > 0);
  const width = Math.max(...told.map(([name]) => name.length)) + 1;
  return told
    .flatMap(([name, ...values]) =>
      values.map((value, at) => {
        const label = (at === 0 ? `${name}:` : "").padEnd(width);
        return `${coloured(label, "faint", colour)}  ${neutralLine(value)}`.trimEnd();
      }),
    )
    .map((line) => `${line}\n`)
    .join("");
}
