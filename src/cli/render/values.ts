/** Values of a chart that are given by flags. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { isExactInteger } from "../../model/exact-json.ts";
import type { HelmValues } from "../../model/render-options.ts";
import { defaultLimits } from "../../render/limits.ts";
import { createDocumentReader } from "../../render/yaml/documents.ts";

/**
 * The values of files, read as Helm reads them, a later file over an earlier one and all of them
 * over `below`.
 * @param files paths relative to `cwd`; `-` is standard input
 * @throws Error naming the file, never quoting it
 */
export async function valuesOf(
  files: readonly string[],
  below: HelmValues,
  { cwd, input }: { cwd: string; input: NodeJS.ReadableStream },
): Promise<HelmValues> {
  const readDocuments = createDocumentReader(defaultLimits);
  let values = below;
  for (const file of files) {
    const bytes = file === "-" ? await buffer(input) : await bytesOf(file, cwd);
    const documents = (() => {
      try {
        return readDocuments(bytes);
      } catch (error) {
        const { line, message } = error as { line?: number; message: string };
        throw new Error(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
      }
    })();
    if (documents.length > 1) throw new Error(`${file}: values are one document, not several`);
    const value = documents[0]?.value ?? {};
    if (!isMap(value)) throw new Error(`${file}: values are a map`);
    values = merge(values, value);
  }
  return values;
}

async function bytesOf(file: string, cwd: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cwd, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? `does not exist in ${cwd}: files of flags are relative to the current directory, not to the chart`
        : `cannot be read: ${code}`;
    throw new Error(`--values: ${file} ${why}`);
  }
}

/** As Helm merges: maps member by member, everything else is replaced; null takes a default away. */
function merge(below: HelmValues, above: HelmValues): HelmValues {
  const result: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const before = Object.hasOwn(result, name) ? result[name] : undefined;
    Object.defineProperty(result, name, {
      value: isMap(before) && isMap(value) ? merge(before, value) : value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}

function isMap(value: unknown): value is HelmValues {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isExactInteger(value)
  );
}
