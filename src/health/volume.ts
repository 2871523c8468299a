import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { textAt } from "./reading.ts";
import { degraded, healthy, progressing } from "./verdict.ts";

/** A claim whose StorageClass waits for the first consumer stays Progressing until a Pod uses it. */
export function persistentVolumeClaimHealth(object: KubeObject): Health {
  switch (textAt(object, "status", "phase")) {
    case "Bound":
      return healthy;
    case "Lost":
      return degraded("the PersistentVolume that it was bound to is gone");
    default:
      return progressing("not bound to a PersistentVolume yet");
  }
}

export function persistentVolumeHealth(object: KubeObject): Health {
  switch (textAt(object, "status", "phase")) {
    case "Failed":
      return degraded(textAt(object, "status", "message") ?? "reclaiming the volume failed");
    case "Available":
    case "Bound":
    case "Released":
      return healthy;
    default:
      return progressing("not available yet");
  }
}
