import { catalogue, Problem } from "../../model/problem.ts";
import { redactText } from "../../status/redaction.ts";

/**
 * What is said of an error at a terminal. The catalogue's advice is left out: it speaks to who has
 * an Application before them, not files.
 */
export function terminalMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof Problem ? ` ${catalogue[error.code].advice}` : "";
  const plain =
    advice !== "" && message.endsWith(advice) ? message.slice(0, -advice.length) : message;
  return redactText(plain);
}
