import type { Environment } from "./control-plane.mjs";

export function install(
  root: string,
  options: { signal: AbortSignal; env?: Environment },
): Promise<void>;
