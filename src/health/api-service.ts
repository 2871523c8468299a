import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { conditionOf, wordsOf } from "./reading.ts";
import { healthy, progressing } from "./verdict.ts";

/** Progressing while its server does not answer, as in Argo CD: it may be starting beside it. */
export function apiServiceHealth(object: KubeObject): Health {
  const available = conditionOf(object, "Available");
  if (available?.status === "True") return healthy;
  return progressing(available === undefined ? "not checked yet" : wordsOf(available));
}
