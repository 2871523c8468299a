import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { headerBytes, requireHeader, sectionEnd } from "./wasm-binary.ts";

/** The modules that a controller needs. */
const needed = ["kustomize.wasm", "helm.wasm"];
/** Of a section: its id, and its length in at most five bytes. */
const sectionHeadBytes = 6;

/**
 * Said at the start rather than by the first chart, of which the author could do nothing about it.
 * @throws Error naming the directory, what it lacks and what to do
 */
export async function requireModules(directory: string): Promise<void> {
  const faults: string[] = [];
  for (const file of needed) {
    const fault = await faultOf(join(directory, file));
    if (fault !== undefined) faults.push(`${file} ${fault}`);
  }
  if (faults.length > 0)
    throw new Error(
      `${directory}: ${faults.join("; ")}: in a checkout \`node setup/main.mjs start\` builds them; the image has them; --renderers (MOORING_RENDERERS) names another directory`,
    );
}

async function faultOf(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    await requireWhole(file);
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === "ENOENT" ? "is missing" : `cannot be used (${message})`;
  }
}

/** A copy that was cut off, or a pointer to the file instead of it; compiling it takes seconds. */
async function requireWhole(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const read = async (at: number, length: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  };
  requireHeader(await read(0, headerBytes));
  let at = headerBytes;
  while (at < size) at = sectionEnd(await read(at, sectionHeadBytes), at);
  if (at === headerBytes || at !== size) throw new Error("it is cut off");
}
