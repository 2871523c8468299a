/** Asks a person. */
import { createInterface } from "node:readline/promises";

/** On a terminal; elsewhere nobody could answer. */
export function canAsk(input: NodeJS.ReadableStream): boolean {
  return (input as { isTTY?: boolean }).isTTY === true;
}

/** Only `y` and `yes` are a yes. The question goes to standard error: the answer may be piped. */
export async function confirmed(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
