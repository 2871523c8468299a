/**
 * Two things that Go's linker does not write into a module, written into its bytes before it is
 * compiled: a maximum of its memory, which the engine then enforces for this module alone, and
 * exports of its globals, without which a snapshot of its memory is half a snapshot.
 * https://webassembly.github.io/spec/core/binary/modules.html
 */
const section = { memory: 5, global: 6, export: 7 } as const;
const globalKind = 0x03;
const magic = 0x6d736100;
export const headerBytes = 8;

/** Name under which global `index` is exported. */
export function globalName(index: number): string {
  return `mooring:global:${index}`;
}

/** The beginning of a module, rewritten; what follows in the file from `end` on stays as it is. */
export interface ConfinedHead {
  head: Uint8Array;
  end: number;
}

/**
 * The module with at most `pages` of 64 KiB of memory, and all its globals exported.
 * @param start the file's beginning, with its export section; everything before is small
 * @throws Error when that is no module with one memory of its own
 */
export function confine(start: Uint8Array, pages: number): ConfinedHead {
  const module = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  requireHeader(start);
  const parts: Buffer[] = [module.subarray(0, headerBytes)];
  let globals = 0;
  let limited = false;
  for (let at = headerBytes; at < module.length; ) {
    const id = module[at] as number;
    const size = readUnsigned(module, at + 1);
    const end = size.end + size.value;
    if (end > module.length) break;
    const body = module.subarray(size.end, end);
    if (id === section.memory) {
      parts.push(writeSection(id, limitMemory(body, pages)));
      limited = true;
    } else if (id === section.export) {
      if (!limited) throw new Error("the module has no memory of its own");
      parts.push(writeSection(id, exportGlobals(body, globals)));
      return { head: Buffer.concat(parts), end };
    } else {
      if (id === section.global) globals = readUnsigned(body, 0).value;
      parts.push(module.subarray(at, end));
    }
    at = end;
  }
  throw new Error("the module exports nothing, or too late");
}

/** @throws Error when a file that begins so is none */
export function requireHeader(start: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = start;
  const isModule =
    byteLength >= headerBytes && new DataView(buffer, byteOffset).getUint32(0, true) === magic;
  if (!isModule) throw new Error("it is not a WebAssembly module");
}

function limitMemory(body: Buffer, pages: number): Buffer {
  const count = readUnsigned(body, 0);
  const minimum = readUnsigned(body, count.end + 1);
  if (count.value !== 1 || minimum.value > pages) {
    throw new Error(`the module needs ${minimum.value} pages of memory, ${pages} are allowed`);
  }
  const bounded = 0x01;
  return Buffer.from([1, bounded, ...unsigned(minimum.value), ...unsigned(pages)]);
}

function exportGlobals(body: Buffer, globals: number): Buffer {
  const count = readUnsigned(body, 0);
  const added = Array.from({ length: globals }, (_, index) => {
    const name = Buffer.from(globalName(index));
    return Buffer.from([...unsigned(name.length), ...name, globalKind, ...unsigned(index)]);
  });
  return Buffer.concat([
    Buffer.from(unsigned(count.value + globals)),
    body.subarray(count.end),
    ...added,
  ]);
}

function writeSection(id: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([id, ...unsigned(body.length)]), body]);
}

/**
 * Where a section ends.
 * @param head its first bytes: the id and the length, of at most six
 * @param at where in the file they are
 */
export function sectionEnd(head: Uint8Array, at: number): number {
  const { value, end } = readUnsigned(head, 1);
  return at + end + value;
}

/** LEB128, of at most 32 bits. */
function readUnsigned(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  throw new Error("the module is cut off");
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}
