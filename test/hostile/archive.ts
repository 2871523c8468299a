/** Archives of charts as no honest `helm package` makes them. */
import { gzipSync } from "node:zlib";

export interface ArchiveEntry {
  path: string;
  content?: string | Buffer;
  /** Makes it a symlink. */
  target?: string;
}

const block = 512;

/** `.tgz` of these entries, with the paths as they are given. */
export function archive(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap(({ path, content = "", target }) => {
    const body = Buffer.from(content);
    return [header(path, body.length, target), body, Buffer.alloc(-body.length & (block - 1))];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

/** Of ustar: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function header(path: string, size: number, target: string | undefined): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  bytes.write(path, 0, 100);
  bytes.write(octal(0o644, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(0, 11), 136);
  bytes.write(" ".repeat(8), 148);
  bytes.write(target === undefined ? "0" : "2", 156);
  bytes.write(target ?? "", 157, 100);
  bytes.write("ustar\x0000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)} `, 148);
  return bytes;
}
