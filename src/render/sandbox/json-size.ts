const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
/** `[` and `{`, `]` and `}`: without the bit that tells them apart. */
const opening = 0x5b;
const closing = 0x5d;
const curly = 0x20;

/** What JSON would become: nesting of collections, and about how many values. */
export interface JsonSize {
  depth: number;
  values: number;
}

/** A pass over the bytes, before anything is parsed. For what is no JSON it says nothing. */
export function jsonSize(json: Uint8Array): JsonSize {
  let [depth, deepest, values, inText] = [0, 0, 1, false];
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] as number;
    if (inText) {
      if (byte === backslash) i += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) values += 1;
    else if ((byte & ~curly) === opening) {
      depth += 1;
      values += 1;
      if (depth > deepest) deepest = depth;
    } else if ((byte & ~curly) === closing) depth -= 1;
  }
  return { depth: deepest, values };
}
