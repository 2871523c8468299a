/** Prints Applications as they were written. */
import type { Cluster } from "../access/cluster.ts";
import { nothingIn, type SelectFlags, selected } from "../access/select.ts";
import { type DocumentFormat, documentOf, listOf } from "../output/format.ts";
import { exitCodes, reportFailure, type Surroundings } from "../verb.ts";
import { cleaned } from "./clean.ts";

export interface ExportFlags extends SelectFlags {
  output?: DocumentFormat;
}

/** Half of what was named is not printed: whoever commits it would delete the other half. */
export async function exportApplications(
  cluster: Cluster,
  names: readonly string[],
  flags: ExportFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { terminal } = surroundings;
  const { items, missing, selection } = await selected(cluster, names, flags);
  for (const error of missing) await reportFailure(error, surroundings, exitCodes.failure);
  if (missing.length > 0) return exitCodes.failure;
  if (items.length === 0) terminal.note(nothingIn(selection));
  const clean = items.map(cleaned);
  if (flags.output === "json") {
    const [only] = clean;
    const document = names.length === 1 && only !== undefined ? only : listOf(clean);
    terminal.write(await documentOf(document, "json"));
    return exitCodes.ok;
  }
  const documents = await Promise.all(clean.map((one) => documentOf(one, "yaml")));
  terminal.write(documents.map((text) => `---\n${text}`).join(""));
  return exitCodes.ok;
}
