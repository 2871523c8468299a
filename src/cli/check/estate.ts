/** All Applications that the caller may see, and what they have deployed. */
import { ApiError } from "../../cluster/api-error.ts";
import { applicationKey } from "../../model/application.ts";
import { type GroupKind, groupKindKey, type KubeObject } from "../../model/object.ts";
import { namespacesAnnotation, recordedGroupKinds } from "../../plan/ownership.ts";
import { specOf } from "../access/application.ts";
import type { Cluster } from "../access/cluster.ts";

export interface EstateApplication {
  key: string;
  namespace: string;
  serviceAccountName: string | undefined;
  prune: boolean;
  enforce: boolean;
  /** Name of the Secret of the repository. */
  secret: string | undefined;
  object: KubeObject;
  /** Of its record. */
  kinds: readonly GroupKind[];
  namespaces: readonly string[];
}

export interface Estate {
  applications: readonly EstateApplication[];
  /** Of all records, each once. */
  kinds: readonly GroupKind[];
  /** Where the caller may not list all: only those of this namespace. */
  onlyIn: string | undefined;
}

/** @throws ApiError; Error where the cluster has no Applications */
export async function estateOf({ applications, namespace }: Cluster): Promise<Estate> {
  let onlyIn: string | undefined;
  const { items } = await applications.list({}).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    onlyIn = namespace;
    return applications.list({ namespace });
  });
  const all = items.map(applicationOf);
  const kinds = new Map(all.flatMap(({ kinds }) => kinds.map((gk) => [groupKindKey(gk), gk])));
  return { applications: all, kinds: [...kinds.values()], onlyIn };
}

function applicationOf(object: KubeObject): EstateApplication {
  const { namespace = "", name = "", annotations = {} } = object.metadata;
  const { serviceAccountName, prune = false, mode, destination, source } = specOf(object);
  const others = (annotations[namespacesAnnotation] ?? "").split(",");
  return {
    key: applicationKey({ namespace, name }),
    namespace,
    serviceAccountName,
    prune,
    enforce: mode === "enforce",
    secret: source?.git?.secretRef?.name,
    object,
    kinds: recordedGroupKinds(annotations),
    // The record names its own namespace never, whether it deploys there or not.
    namespaces: [destination?.namespace ?? namespace, ...others].filter((one) => one !== ""),
  };
}
