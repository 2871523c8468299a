/** WebAssembly's API as far as the sandbox uses it: the compiler knows it only with a browser's. */
declare namespace WebAssembly {
  type ModuleImports = Record<string, (...numbers: never[]) => unknown>;
  type Exports = Record<string, unknown>;

  /** Compiled code; can be posted to threads, which then share it. */
  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): { name: string; kind: string }[];
    private readonly compiled: true;
  }

  class Instance {
    constructor(module: Module, imports: Record<string, ModuleImports>);
    readonly exports: Exports;
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    /** @returns the pages that there were. @throws RangeError past the maximum */
    grow(pages: number): number;
  }

  class Global {
    value: number | bigint;
  }
}
