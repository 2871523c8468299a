/** Where the random values of an Application's charts come from, as far as the caller may know. */
import { createHash } from "node:crypto";
import { ApiError } from "../../cluster/api-error.ts";
import { applicationSeed, readInstallationSeed } from "../../cluster/installation.ts";
import type { Objects } from "../../cluster/objects.ts";
import { type Application, applicationKey } from "../../model/application.ts";

export type Seed =
  /** The controller's: a render with it draws what the controller's draws. */
  { state: "known"; seed: Uint8Array } | { state: "unknown"; why: string };

/** @param namespace of the installation */
export async function seedOf(
  application: Application,
  objects: Objects,
  namespace: string,
): Promise<Seed> {
  // The controller's depend on the uid, which the cluster gives.
  if (application.uid === "") {
    return { state: "unknown", why: "the cluster does not have the Application yet" };
  }
  try {
    const installation = await readInstallationSeed(objects, namespace);
    if (installation !== undefined) {
      return { state: "known", seed: applicationSeed(installation, application) };
    }
    return { state: "unknown", why: `the namespace ${namespace} has no such Secret` };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const why =
      error.status === 403
        ? `you may not read it in the namespace ${namespace}`
        : `it cannot be read: ${error.message}`;
    return { state: "unknown", why };
  }
}

/** One of two that stand in for the controller's: what differs between renders with each is random. */
export function standInSeed(application: Application, which: "first" | "second"): Uint8Array {
  return createHash("sha256")
    .update(`mooring diff ${which} ${applicationKey(application)}`)
    .digest();
}
