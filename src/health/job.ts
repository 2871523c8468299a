import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, countAt, integerAt, valueAt, wordsOf } from "./reading.ts";
import { degraded, healthy, portion, progressing, suspended } from "./verdict.ts";

/**
 * A Job that runs is Progressing, as in Argo CD: what waits for it (a migration before a rollout)
 * must not go on. kstatus calls it current from its start.
 */
export function jobHealth(object: KubeObject): Health {
  const failed = conditionOf(object, "Failed");
  if (failed?.status === "True") return degraded(wordsOf(failed));
  if (conditionOf(object, "Complete")?.status === "True") return healthy;
  if (valueAt(object, "spec", "suspend") === true) return suspended("suspended by spec.suspend");

  const parallelism = integerAt(object, "spec", "parallelism") ?? 1;
  const wanted = integerAt(object, "spec", "completions") ?? parallelism;
  const failures = countAt(object, "status", "failed");
  return progressing(
    portion(countAt(object, "status", "succeeded"), wanted, "completion", "done"),
    `${countAt(object, "status", "active")} running`,
    failures > 0 ? `${failures} failed` : undefined,
  );
}
