/**
 * Lines of a byte stream. Every byte is looked at once, however small the chunks and long the lines:
 * a line that comes in many chunks is joined when its end is there.
 *
 * @throws RangeError when a line is longer than `maxBytes`
 */
export async function* jsonLines(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string> {
  const NEWLINE = 0x0a;
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      const last = chunk.subarray(start, end);
      const line = held === 0 ? last : Buffer.concat([...parts, last]);
      parts = [];
      held = 0;
      start = end + 1;
      if (line.length > 0) yield line.toString();
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > maxBytes) throw new RangeError(`a line of more than ${maxBytes} bytes`);
    }
  }
}
