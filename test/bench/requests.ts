/** The controller's requests, counted in the apiserver's audit log. */
import { setTimeout as delay } from "node:timers/promises";
import type { AuditEntry, AuditLog } from "../e2e/harness/audit.ts";

export interface RequestCounts {
  /** Watches and Leases aside. */
  readonly all: number;
  /** Of these, on objects of applications: writes, and everything else but dry-runs. */
  readonly objectWrites: number;
  readonly objectReads: number;
  /** Dry-runs: of the background sweep, when nothing happens. */
  readonly objectDryRuns: number;
  /** Of these, on Applications, Events included. */
  readonly applications: number;
}

export function requestCounts(entries: readonly AuditEntry[]): RequestCounts {
  const asked = entries.filter(isAsked);
  const objects = asked.filter(({ objectRef }) => objectRef?.resource === "configmaps");
  const isDryRun = ({ requestURI }: AuditEntry) => requestURI.includes("dryRun=");
  const isRead = ({ verb }: AuditEntry) => verb === "get" || verb === "list";
  return {
    all: asked.length,
    objectWrites: objects.filter((entry) => !isRead(entry) && !isDryRun(entry)).length,
    objectReads: objects.filter(isRead).length,
    objectDryRuns: objects.filter(isDryRun).length,
    applications: asked.filter(({ objectRef }) =>
      ["mooring.dev", "events.k8s.io"].includes(objectRef?.apiGroup ?? ""),
    ).length,
  };
}

/** Neither a watch nor the renewal of a Lease. */
function isAsked({ verb, objectRef }: AuditEntry): boolean {
  return verb !== "watch" && objectRef?.resource !== "leases";
}

const pollMs = 100;
const deadlineMs = 120_000;

/** Waits until the controller has asked for nothing for a while. @throws Error naming what it asks for */
export async function untilQuiet(audit: AuditLog, quietMs = 1_500): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let mark = await audit.mark();
  let since = performance.now();
  while (performance.now() - since < quietMs) {
    await delay(pollMs);
    const next = await audit.mark();
    // What is read is written completely: only whole lines move the mark.
    const [last] = (await audit.requestsSince(mark)).filter(isAsked).slice(-1);
    if (last === undefined) continue;
    if (performance.now() > deadline)
      throw new Error(`not quiet within ${deadlineMs / 1000} s; last: ${last.requestURI}`);
    mark = next;
    since = performance.now();
  }
}
