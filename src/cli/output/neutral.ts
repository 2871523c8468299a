/** Texts of a cluster or a repository made harmless: anybody may have written them. */

/** What a terminal takes for commands, and what shows others in another order than they are in. */
const commands = /[[\p{Cc}--[\n\t]]\u202a-\u202e\u2066-\u2069]/gv;
/** The same, and marks of a direction, which a line of a table has no use for. */
const disturbing = /[\p{Cc}\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Lines stay lines. */
export function neutralText(text: string): string {
  return text.replace(commands, "\ufffd");
}

/** One line: line breaks and tabs become spaces. */
export function neutralLine(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(disturbing, "\ufffd");
}
