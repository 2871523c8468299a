/**
 * The installation's secret: what random values in charts are derived from, so that they stay the
 * same across restarts, replicas and upgrades. Deleting it makes new ones (passwords that charts
 * generate, for example) with the next render.
 */
import { createHmac } from "node:crypto";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { ApiError } from "./api-error.ts";
import type { Objects } from "./objects.ts";

export const installationSecretName = "mooring-installation";
const key = "renderSeed";
const seedBytes = 32;

const secrets: ResourceKind = {
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  namespaced: true,
  verbs: ["get", "create"],
};

/**
 * Reads the seed, and makes it where there is none: of several replicas that start together the
 * first one's counts.
 * @param random so many random bytes
 * @param onMade told when this call made it, with a sentence for the log: on an installation that
 *   had one, random values change
 * @throws Error, for whoever starts the controller: what is missing or wrong, never the value
 */
export async function installationSeed(
  objects: Objects,
  namespace: string,
  random: (bytes: number) => Uint8Array,
  onMade: (what: string) => void,
): Promise<Uint8Array> {
  const where = `Secret ${namespace}/${installationSecretName}`;
  try {
    const found = await readInstallationSeed(objects, namespace);
    if (found !== undefined) return found;
    const seed = random(seedBytes);
    try {
      await objects.create(secrets, secretOf(namespace, seed));
      onMade(
        `${where} was not there and has been made: back it up. If it was deleted, random values in charts change now, unless its backup is restored and the controller restarted`,
      );
      return seed;
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "AlreadyExists") throw error;
    }
    const others = await readInstallationSeed(objects, namespace);
    if (others === undefined) throw new Error(`${where} was deleted just now: start again`);
    return others;
  } catch (error) {
    throw error instanceof ApiError ? new Error(reasonOf(error, namespace, where)) : error;
  }
}

/**
 * The seed, where there is one.
 * @throws ApiError; Error when the Secret has none in it
 */
export async function readInstallationSeed(
  objects: Objects,
  namespace: string,
): Promise<Uint8Array | undefined> {
  const found = await objects.get(secrets, namespace, installationSecretName);
  const where = `Secret ${namespace}/${installationSecretName}`;
  return found === undefined ? undefined : seedOf(found, where);
}

/** Of one application's charts: its own, always the same. */
export function applicationSeed(installation: Uint8Array, { uid }: { uid: string }): Uint8Array {
  return createHmac("sha256", installation).update(uid).digest();
}

function secretOf(namespace: string, seed: Uint8Array): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      namespace,
      name: installationSecretName,
      labels: { "app.kubernetes.io/part-of": "mooring" },
    },
    type: "Opaque",
    // Another seed would rotate every random value: that takes a deletion, not an edit.
    immutable: true,
    data: { [key]: Buffer.from(seed).toString("base64") },
  };
}

function seedOf(secret: KubeObject, where: string): Uint8Array {
  const encoded = (secret.data as Record<string, string | undefined> | undefined)?.[key] ?? "";
  const seed = Buffer.from(encoded, "base64");
  if (seed.length < seedBytes)
    throw new Error(
      `${where} has no ${key} of at least ${seedBytes} bytes: restore it, or delete it for a new one (random values in charts change then)`,
    );
  return seed;
}

function reasonOf(error: ApiError, namespace: string, where: string): string {
  if (error.status === 403)
    return `${where}: the controller may not ${error.verb} it: apply the manifests of deploy/ (deploy/base/rbac.yaml has this right)`;
  if (error.status === 404)
    return `${where}: there is no namespace ${namespace}: create it, or name the controller's own with --namespace`;
  return `${where}: ${error.message}`;
}
