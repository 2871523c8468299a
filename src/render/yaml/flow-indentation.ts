/**
 * YAML wants what is inside brackets or quotes to be indented deeper than its key; go-yaml, and so
 * kubectl, does not ask for it:
 *
 *     args: [
 *       "a",
 *     ]
 *
 * js-yaml refuses the last line. Since spaces at the beginning of such a line mean nothing, the
 * line is indented and the text is tried again.
 */
import { type Event, type ParserOptions, parseEvents, YAMLException } from "js-yaml";

export interface Parsed {
  /** What the events' offsets refer to: the text, with some lines indented. */
  source: string;
  events: Event[];
}

/** Deeper than any key that `maxDepth` allows in files that people write. */
const pad = " ".repeat(400);
/** Characters that may be parsed again for one document, past the first lines. */
const effort = 2_000_000;
const alwaysTried = 20;

/** `parseEvents`, with go-yaml's indifference to indentation inside brackets and quotes. */
export function parseLeniently(source: string, options: ParserOptions): Parsed {
  try {
    return { source, events: parseEvents(source, options) };
  } catch (error) {
    if (lineToIndent(error) === undefined) throw error;
  }
  // Documents are mended one by one, so that each try is short.
  const mended = source
    .split(/^(?=---(?:[ \t\r]|$))/m)
    .map((document) => mend(document, options))
    .join("");
  return { source: mended, events: parseEvents(mended, options) };
}

/** Columns that were added before an offset's line; for messages. */
export function addedColumns(source: string, offset: number): number {
  const start = source.lastIndexOf("\n", offset - 1) + 1;
  return source.startsWith(pad, start) ? pad.length : 0;
}

function mend(document: string, options: ParserOptions): string {
  let text = document;
  let previous = -1;
  for (let tries = 1; ; tries++) {
    try {
      parseEvents(text, options);
      return text;
    } catch (error) {
      const line = lineToIndent(error);
      const exhausted = tries > alwaysTried && tries * document.length > effort;
      // What else is wrong shows when the whole file is parsed, with its line in the file.
      if (line === undefined || line <= previous || exhausted) return text;
      previous = line;
      text = text.slice(0, line) + pad + text.slice(line);
    }
  }
}

/** Offset of the line that js-yaml wants to be indented. */
function lineToIndent(error: unknown): number | undefined {
  if (!(error instanceof YAMLException) || error.mark === undefined) return undefined;
  if (error.reason !== "deficient indentation") return undefined;
  return error.mark.buffer.lastIndexOf("\n", error.mark.position - 1) + 1;
}
