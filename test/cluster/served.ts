import { setTimeout as delay } from "node:timers/promises";
import type { ControlPlane } from "./control-plane.ts";

const pollMs = 50;
const deadlineMs = 30_000;

/**
 * Waits until custom resources are served. An Established definition is not enough: discovery and
 * the handler of its objects follow it, a moment later on a busy machine.
 * @param names of the definitions, as `applications.mooring.dev`
 * @throws Error with what kubectl said last, at the deadline
 */
export async function untilServed(plane: ControlPlane, ...names: string[]): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  const definitions = names.map((name) => `crd/${name}`);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", ...definitions]);
  for (const name of names)
    for (;;) {
      try {
        await plane.kubectl(["get", name, "--all-namespaces", "-o=name"]);
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(pollMs);
      }
    }
}
