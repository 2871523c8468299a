// Which packages of the lockfile run in production. Plain JavaScript for Node 20, no dependencies.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * As `npm ci --omit=dev --omit=optional` chooses them.
 * @returns their directories, from the root: `node_modules/zod`
 */
export function productionPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => {
      return path !== "" && !dev && !optional && !devOptional;
    })
    .map(([path]) => path);
}
