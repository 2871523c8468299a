import type { Environment } from "./control-plane.mjs";

export function provideControlPlane(options: {
  signal: AbortSignal;
  env?: Environment;
}): Promise<void>;
