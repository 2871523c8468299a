/** As `npm ci --omit=dev --omit=optional` chooses them: directories from the root. */
export function productionPackages(root: string): string[];
