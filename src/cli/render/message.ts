import { catalogue, Problem } from "../../model/problem.ts";
import { redactText } from "../../status/redaction.ts";

/** What a terminal takes for commands; names and paths may hold it. */
const commands = /[\p{Cc}--[\n\t]]/gv;

/**
 * What is said of an error at a terminal. The catalogue's advice is left out: it speaks to who has
 * an Application before them, not files.
 */
export function terminalMessage(error: unknown): string {
  return messageOf(error).replace(commands, "\ufffd");
}

function messageOf(error: unknown): string {
  if (!(error instanceof Problem)) {
    return redactText(error instanceof Error ? error.message : String(error));
  }
  const { code, message, detail } = error;
  const advice = ` ${catalogue[code].advice}`;
  const plain = message.endsWith(advice) ? message.slice(0, -advice.length) : message;
  // What the installation lacks, only its detail says.
  return redactText(
    code === "RendererFailed" && detail !== undefined ? `${plain}\n${detail}` : plain,
  );
}
