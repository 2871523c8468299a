/** Waiting for what the controller answers. */
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject } from "../../model/object.ts";
import { conditionOf } from "../access/application.ts";
import type { Applications } from "../access/applications.ts";
import type { Named } from "../access/names.ts";
import { neutralLine } from "../output/neutral.ts";
import type { Terminal } from "../output/terminal.ts";

/** Whoever may write an Application may not always watch it: it is read again and again. */
const pollMs = 500;

export interface WaitOptions {
  timeoutMs: number;
  signal: AbortSignal;
  terminal: Terminal;
}

export type Waited =
  | { state: "held"; object: KubeObject }
  /** `object`: as it was last. */
  | { state: "timeout"; object: KubeObject };

/**
 * Reads the Application until it is as it should be, and tells what it is doing meanwhile.
 * @throws ApplicationNotFound; ApiError
 */
export async function untilApplication(
  applications: Pick<Applications, "get">,
  { namespace, name }: Named,
  holds: (object: KubeObject) => boolean,
  { timeoutMs, signal, terminal }: WaitOptions,
): Promise<Waited> {
  const late = AbortSignal.timeout(timeoutMs);
  let told = "";
  for (;;) {
    const object = await applications.get(namespace, name);
    if (holds(object)) return { state: "held", object };
    if (late.aborted) return { state: "timeout", object };
    const doing = doingOf(object);
    if (doing !== told && doing !== "") terminal.note(doing);
    told = doing;
    await delay(pollMs, undefined, { signal: AbortSignal.any([signal, late]) }).catch(() => {
      signal.throwIfAborted();
    });
  }
}

/** What it is busy with, in a line. */
function doingOf(object: KubeObject): string {
  const { status, message = "" } = conditionOf(object, "Reconciling") ?? {};
  return status === "True" ? `  ${neutralLine(message)}` : "";
}

export type Standing = "ready" | "under way" | "not ready";

/** As its conditions say; `not ready`: it will not become so without somebody doing something. */
export function standingOf(object: KubeObject): Standing {
  const ready = conditionOf(object, "Ready");
  if (ready === undefined || ready.observedGeneration !== object.metadata.generation) {
    return "under way";
  }
  if (ready.status === "True") return "ready";
  return conditionOf(object, "Reconciling")?.status === "True" ? "under way" : "not ready";
}
