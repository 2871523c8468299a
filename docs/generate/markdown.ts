/** Markdown as GitHub and GitLab render it. */

/** A table; an empty one is no table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(headings), `|${"---|".repeat(headings.length)}`, ...rows.map(line)].join("\n");
}

/** A text that stays what it is: no `<` begins a tag in it. What stands in backticks is left alone. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll("<", "&lt;")))
    .join("");
}

export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

export function fenced(text: string, language = ""): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** In one line, and with no `|` that ends the cell: GitHub takes the backslash inside of code, too. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}
