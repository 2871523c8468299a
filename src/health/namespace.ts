import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { textAt } from "./reading.ts";
import { healthy, progressing } from "./verdict.ts";

export function namespaceHealth(object: KubeObject): Health {
  return textAt(object, "status", "phase") === "Terminating"
    ? progressing("being deleted")
    : healthy;
}
