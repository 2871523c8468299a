/** Long texts in several lines. */
import { widthOf } from "./width.ts";

/** Broken at spaces; a word that is longer than the room stays whole. */
export function folded(text: string, room: number | undefined): string[] {
  if (room === undefined || widthOf(text) <= room) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
