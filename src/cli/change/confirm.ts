/** Asks a person. */
import { createInterface } from "node:readline";

/** On a terminal; elsewhere nobody could answer. */
export function canAsk(input: NodeJS.ReadableStream): boolean {
  return (input as { isTTY?: boolean }).isTTY === true;
}

/**
 * Only `y` and `yes` are a yes; an input that ends is a no.
 * @param ask shows a line
 */
export async function confirmed(
  question: string,
  input: NodeJS.ReadableStream,
  ask: (line: string) => void,
): Promise<boolean> {
  ask(`${question} [y/N]`);
  for await (const line of createInterface({ input })) return /^\s*y(es)?\s*$/i.test(line);
  return false;
}
