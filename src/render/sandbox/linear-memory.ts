/** A module's memory, seen from outside. Its buffer is another after each growth. */
export class LinearMemory {
  #memory: WebAssembly.Memory | undefined;
  #view = new DataView(new ArrayBuffer(0));

  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  get size(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** Valid until the module runs again. Past the end: RangeError, which ends the run as a trap. */
  get view(): DataView {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined && this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  /** As `view`: not a copy. Pointers come signed from the module. */
  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.view.buffer, at >>> 0, length >>> 0);
  }
}
