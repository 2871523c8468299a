/** What a module writes to its standard output and error: read for its own death, never kept. */

/** A line is looked at as far as this. */
const lineBytes = 300;
const newline = 0x0a;
/** How Go's runtime begins what it says last; what follows are goroutines. */
const lastWords = /^(?:panic: |fatal error: |runtime: (?:out of memory|goroutine stack exceeds))/;
/** With GODEBUG=gctrace=1. */
const collection = /^gc \d+ @/;

export class CrashText {
  #line = Buffer.alloc(0);
  /** The first line that tells why the module died, cut. */
  crash: string | undefined;
  /** Of garbage. */
  collections = 0;

  write(bytes: Uint8Array): void {
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(newline, start);
      this.#append(bytes.subarray(start, end < 0 ? bytes.length : end));
      if (end < 0) return;
      this.#endLine();
      start = end + 1;
    }
  }

  #append(part: Uint8Array): void {
    const room = lineBytes - this.#line.length;
    if (room > 0) this.#line = Buffer.concat([this.#line, part.subarray(0, room)]);
  }

  #endLine(): void {
    const line = this.#line.toString();
    this.#line = Buffer.alloc(0);
    if (collection.test(line)) this.collections += 1;
    else if (this.crash === undefined && lastWords.test(line)) this.crash = line;
  }
}
