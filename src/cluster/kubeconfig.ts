/**
 * What a kubeconfig, or the pod that we run in, says of the cluster and of us. Read by the parts
 * of `@kubernetes/client-node` that know the format; its KubeConfig class loads the models of the
 * whole Kubernetes API besides: 74 MiB and half a second.
 */

import { existsSync, readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { delimiter, dirname, join, resolve } from "node:path";
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from "@kubernetes/client-node/dist/config_types.js";
import { load, YAMLException } from "js-yaml";

/** Where the kubelet mounts the pod's ServiceAccount. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface Access {
  readonly cluster: Cluster;
  /** Undefined when the context names none that exists: nothing authenticates us then. */
  readonly user: User | undefined;
  /** Of a kubeconfig's context, where it names one. */
  readonly namespace?: string | undefined;
}

interface Kubeconfig {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly contexts: readonly Context[];
  readonly currentContext: string;
}

/**
 * @param list path of a kubeconfig, or several as in KUBECONFIG: the first to define a name wins
 * @param context instead of the current one
 * @throws Error naming the file that cannot be read, or the context without a cluster
 */
export function accessByKubeconfig(list: string, context: string | undefined): Access {
  const named = list.split(delimiter).filter((file) => file !== "");
  // As kubectl: in a list of files those that do not exist are passed over.
  const files = (named.length > 1 ? named.filter((file) => existsSync(file)) : named).map(readOne);
  const first = <T extends { name: string }>(
    of: (file: Kubeconfig) => readonly T[],
    name: string,
  ) => files.flatMap((file) => of(file)).find((one) => one.name === name);
  const current = context ?? files.find((file) => file.currentContext !== "")?.currentContext ?? "";
  const {
    cluster: clusterName,
    user = "",
    namespace,
  } = first((file) => file.contexts, current) ?? {};
  const cluster = first((file) => file.clusters, clusterName ?? "");
  if (cluster === undefined)
    throw new Error(`kubeconfig ${list}: context ${JSON.stringify(current)} has no cluster`);
  return { cluster, user: first((file) => file.users, user), namespace };
}

/** @throws Error when this is no pod */
export function accessOfPod(env: Readonly<Record<string, string | undefined>>): Access {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (host === undefined || host === "")
    throw new Error(
      "no kubeconfig was given, and this is not a pod: KUBERNETES_SERVICE_HOST is not set",
    );
  return {
    cluster: {
      name: "the pod's",
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      caFile: join(serviceAccount, "ca.crt"),
      skipTLSVerify: false,
    },
    user: {
      name: "the pod's ServiceAccount",
      authProvider: {
        name: "tokenFile",
        config: { tokenFile: join(serviceAccount, "token") },
      },
    },
  };
}

function readOne(file: string): Kubeconfig {
  const text = readFileSync(file, "utf8");
  try {
    return parse(text, dirname(file));
  } catch (error) {
    throw new Error(`kubeconfig ${file}: ${unquoted(error)}`);
  }
}

/** @param directory that paths in it are relative to */
function parse(text: string, directory: string): Kubeconfig {
  const document = (load(text) ?? {}) as Record<string, unknown>;
  const clusters = newClusters(document.clusters);
  const users = newUsers(document.users);
  for (const cluster of clusters)
    if (cluster.caFile) cluster.caFile = resolve(directory, cluster.caFile);
  for (const user of users) {
    if (user.certFile) user.certFile = resolve(directory, user.certFile);
    if (user.keyFile) user.keyFile = resolve(directory, user.keyFile);
  }
  const current = document["current-context"];
  return {
    clusters,
    users,
    contexts: newContexts(document.contexts),
    currentContext: typeof current === "string" ? current : "",
  };
}

/** A YAML error's message quotes the lines around it, which may hold a token. */
function unquoted(error: unknown): string {
  if (error instanceof YAMLException) return error.reason;
  return error instanceof Error ? error.message : String(error);
}
