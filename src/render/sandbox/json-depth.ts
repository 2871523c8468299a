const quote = 0x22;
const backslash = 0x5c;
/** `[` and `{`, `]` and `}`: without the bit that tells them apart. */
const opening = 0x5b;
const closing = 0x5d;
const curly = 0x20;

/** Whether collections are nested deeper than `most`. A pass over the bytes: nothing is parsed. */
export function isDeeperThan(json: Uint8Array, most: number): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] as number;
    if (inText) {
      if (byte === backslash) i += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if ((byte & ~curly) === opening) {
      depth += 1;
      if (depth > most) return true;
    } else if ((byte & ~curly) === closing) depth -= 1;
  }
  return false;
}
