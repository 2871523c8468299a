import { access } from "node:fs/promises";
import { join } from "node:path";

/** The modules that a controller needs. */
const needed = ["kustomize.wasm", "helm.wasm"];

/**
 * Said at the start rather than by the first chart.
 * @throws Error naming the directory, what it lacks and what to do
 */
export async function requireModules(directory: string): Promise<void> {
  const missing: string[] = [];
  for (const file of needed)
    await access(join(directory, file)).catch(() => {
      missing.push(file);
    });
  if (missing.length > 0)
    throw new Error(
      `${directory} has no ${missing.join(" and no ")}: in a checkout \`node setup/main.mjs start\` builds them; the image has them; --renderers (MOORING_RENDERERS) names another directory`,
    );
}
