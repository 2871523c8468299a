import { onParentEnd } from "./cluster/parent.ts";

/** A test run ends with the npm that started it, also by kill -9. Vitest runs this once. */
export function setup(): () => void {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  return onParentEnd(() => process.kill(process.pid, "SIGKILL"));
}
