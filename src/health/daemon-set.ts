import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { unobserved } from "./general.ts";
import { countAt, textAt } from "./reading.ts";
import { healthy, portion, progressing } from "./verdict.ts";

/** Healthy when every node that should have a Pod has an available one of the newest template. */
export function daemonSetHealth(object: KubeObject): Health {
  const early = unobserved(object);
  if (early !== undefined) return early;

  const wanted = countAt(object, "status", "desiredNumberScheduled");
  const updated = countAt(object, "status", "updatedNumberScheduled");
  const available = countAt(object, "status", "numberAvailable");
  const availability = portion(available, wanted, "node", "with an available Pod");

  // With OnDelete a person rolls the Pods.
  const rolling = textAt(object, "spec", "updateStrategy", "type") !== "OnDelete";
  if (rolling && updated < wanted)
    return progressing(availability, portion(updated, wanted, "node", "updated"));
  return available < wanted ? progressing(availability) : healthy;
}
