import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Names the build of a renderer's module. Never throws. */
export type ModuleVersion = (renderer: "kustomize" | "helm") => Promise<string>;

/** By the digest of `<directory>/<renderer>.wasm`; of one that cannot be read, the sandbox says so. */
export function createModuleVersion(directory: string): ModuleVersion {
  const known = new Map<string, string>();
  return async (renderer) => {
    const before = known.get(renderer);
    if (before !== undefined) return before;
    const digest = createHash("sha256");
    try {
      await pipeline(createReadStream(join(directory, `${renderer}.wasm`)), digest);
    } catch {
      return `${renderer} without module`;
    }
    const version = `${renderer} ${digest.digest("base64url")}`;
    known.set(renderer, version);
    return version;
  };
}
