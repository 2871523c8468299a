import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { valueAt } from "./reading.ts";
import { healthy, suspended } from "./verdict.ts";

/** What became of its Jobs is not in a CronJob's status. */
export function cronJobHealth(object: KubeObject): Health {
  return valueAt(object, "spec", "suspend") === true
    ? suspended("suspended by spec.suspend")
    : healthy;
}
