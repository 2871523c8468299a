import { catalogue, Problem } from "../../model/problem.ts";
import { redactText } from "../../status/redaction.ts";
import { neutralText } from "./neutral.ts";

/**
 * What is said of an error at a terminal. The catalogue's advice is left out: it speaks to who has
 * an Application before them, not files.
 */
export function terminalMessage(error: unknown): string {
  return neutralText(messageOf(error));
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
