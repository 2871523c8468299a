import type { Environment } from "./control-plane.mjs";

export function provideRenderers(options: {
  signal: AbortSignal;
  root?: string;
  env?: Environment;
}): Promise<void>;
