import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Names the build of a renderer's module. Never throws. */
export type ModuleVersion = (renderer: "kustomize" | "helm") => Promise<string>;

/** By the digest of `<directory>/<renderer>.wasm`; of one that cannot be read, the sandbox says so. */
export function createModuleVersion(directory: string): ModuleVersion {
  const known = new Map<string, Promise<string>>();
  return (renderer) => {
    const before = known.get(renderer);
    if (before !== undefined) return before;
    // A thousand applications ask at the same moment, and a module has 30 MB: it is read once.
    const version = digestOf(join(directory, `${renderer}.wasm`)).then(
      (digest) => `${renderer} ${digest}`,
      () => {
        known.delete(renderer);
        return `${renderer} without module`;
      },
    );
    known.set(renderer, version);
    return version;
  };
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(file), digest);
  return digest.digest("base64url");
}
