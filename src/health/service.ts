import type { Health } from "../model/health.ts";
import type { KubeObject } from "../model/object.ts";
import { listAt, textAt } from "./reading.ts";
import { healthy, progressing } from "./verdict.ts";

/** A load balancer without an address serves nobody yet; every other Service is what it is. */
export function serviceHealth(object: KubeObject): Health {
  if (textAt(object, "spec", "type") !== "LoadBalancer") return healthy;
  return listAt(object, "status", "loadBalancer", "ingress").length > 0
    ? healthy
    : progressing("the load balancer has no address yet");
}
