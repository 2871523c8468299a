/** Files on disk, read without following a link and without waiting for what is none (a pipe). */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

export class FileTooLarge extends Error {
  readonly size: number;

  constructor(size: number) {
    super(`${size} bytes`);
    this.size = size;
  }
}

const chunkBytes = 1024 * 1024;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A file's bytes, a part at a time; each is valid until the next one is asked for.
 * @throws Error with a `code` of the file system
 */
export function* readChunks(path: string): Generator<{ chunk: Buffer; size: number }> {
  const file = openSync(path, flags);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw Object.assign(new Error("not a file"), { code: "EINVAL" });
    const { size } = stats;
    const buffer = Buffer.allocUnsafe(Math.min(size, chunkBytes));
    for (let at = 0; at < size; ) {
      const bytes = readSync(file, buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytes === 0) return;
      at += bytes;
      yield { chunk: buffer.subarray(0, bytes), size };
    }
  } finally {
    closeSync(file);
  }
}

/** @throws FileTooLarge before anything was read; as {@link readChunks} */
export function readWhole(path: string, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (const { chunk, size } of readChunks(path)) {
    if (size > maxBytes) throw new FileTooLarge(size);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}
