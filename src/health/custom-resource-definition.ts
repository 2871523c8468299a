import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, wordsOf } from "./reading.ts";
import { degraded, healthy, progressing } from "./verdict.ts";

/** Healthy once it is served. */
export function customResourceDefinitionHealth(object: KubeObject): Health {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return degraded(wordsOf(names));
  const structural = conditionOf(object, "NonStructuralSchema");
  if (structural?.status === "True") return degraded(wordsOf(structural));
  const established = conditionOf(object, "Established");
  if (established?.status === "True") return healthy;
  if (established?.status === "False" && established.reason !== "Installing")
    return degraded(wordsOf(established));
  return progressing("not served by the API yet");
}
