/** Where a verb's words go: how wide it is, and whether it takes colours. */

export interface Terminal {
  /** To standard output. */
  write(text: string): void;
  /** A line to standard error: what is not the answer itself. */
  note(line: string): void;
  /** Of a line; undefined where lines may be as long as they are: a file, a pipe. */
  readonly columns: number | undefined;
  readonly colour: boolean;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Colours are for terminals alone, and not with NO_COLOR (https://no-color.org) or TERM=dumb.
 * COLUMNS in the environment wins over the terminal's own width, and counts without one, too.
 */
export function terminalOf(
  out: Stream,
  errors: Stream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const given = Number(env.COLUMNS);
  return {
    write: (text) => void out.write(text),
    note: (line) => void errors.write(`${line}\n`),
    columns: Number.isInteger(given) && given > 0 ? given : out.isTTY ? out.columns : undefined,
    colour: out.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
  };
}
