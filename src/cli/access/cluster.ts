/**
 * A cluster as the caller reaches it: by their own kubeconfig, with their own rights. Nobody is
 * impersonated, and nothing is asked before it is needed: a verb that reads one Application makes
 * one request.
 */
import { join } from "node:path";
import { connect } from "../../cluster/connection.ts";
import { Discovery } from "../../cluster/discovery.ts";
import { accessByKubeconfig } from "../../cluster/kubeconfig.ts";
import { Objects } from "../../cluster/objects.ts";
import { createTransport, type Transport } from "../../cluster/transport.ts";
import { Applications } from "./applications.ts";
import type { ClusterFlags } from "./flags.ts";

export interface Cluster {
  /** Its address, for messages. */
  readonly server: string;
  /** The flag's, else the context's, as kubectl takes it. */
  readonly namespace: string;
  readonly transport: Transport;
  readonly objects: Objects;
  readonly applications: Applications;
  /** What the cluster serves; asked once, at the first call. @throws ApiError */
  discovery(): Promise<Discovery>;
  close(): Promise<void>;
}

/** Requests that are under way at once: a person's share of the apiserver. */
const maxInFlight = 8;

/** Makes no request. @throws Error when the kubeconfig is of no use */
export async function openCluster(
  { context, namespace, ...flags }: ClusterFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Cluster> {
  const kubeconfig = flags.kubeconfig ?? (env.KUBECONFIG || join(env.HOME ?? "/", ".kube/config"));
  const access = accessByKubeconfig(kubeconfig, context);
  const connection = await connect({ kubeconfig, ...(context === undefined ? {} : { context }) });
  const transport = createTransport(connection, { maxInFlight });
  const objects = new Objects(transport);
  let asked: Promise<Discovery> | undefined;
  const discover = async () => {
    const discovery = new Discovery(transport);
    await discovery.refresh();
    return discovery;
  };
  return {
    server: connection.server,
    namespace: namespace ?? access.namespace ?? "default",
    transport,
    objects,
    applications: new Applications(transport),
    discovery() {
      asked ??= discover();
      return asked;
    },
    close: () => connection.close(),
  };
}

/** Opens, does, closes, whatever comes of it. */
export async function withCluster<T>(
  flags: ClusterFlags,
  env: Readonly<Record<string, string | undefined>>,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(flags, env);
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}
