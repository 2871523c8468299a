/** A cluster as a local render asks it: by the user's own kubeconfig, reading only. */
import { join } from "node:path";
import { apiProblem } from "../../cluster/api-problem.ts";
import { connect } from "../../cluster/connection.ts";
import { Discovery } from "../../cluster/discovery.ts";
import { accessByKubeconfig } from "../../cluster/kubeconfig.ts";
import { Objects } from "../../cluster/objects.ts";
import { createTransport } from "../../cluster/transport.ts";
import { type Application, group, kind } from "../../model/application.ts";
import { parsed } from "./application.ts";

export interface Cluster {
  /** It has been asked. */
  readonly discovery: Discovery;
  /** Of the context, as kubectl takes it. */
  readonly namespace: string;
  /** @throws Error when there is none; Problem as the apiserver refuses it */
  application(namespace: string, name: string): Promise<Application>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  kubeconfig: string | undefined;
  context: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** @throws Error when the kubeconfig is of no use; Problem when the apiserver is not */
export async function openCluster({ context, env, ...o }: ClusterOptions): Promise<Cluster> {
  const kubeconfig = o.kubeconfig ?? (env.KUBECONFIG || join(env.HOME ?? "/", ".kube/config"));
  const { namespace = "default" } = accessByKubeconfig(kubeconfig, context);
  const connection = await connect({ kubeconfig, ...(context === undefined ? {} : { context }) });
  try {
    const transport = createTransport(connection, { maxInFlight: 4 });
    const discovery = new Discovery(transport);
    await discovery.refresh();
    return {
      discovery,
      namespace,
      async application(namespace, name) {
        const resource = discovery.preferred({ group, kind });
        if (resource === undefined) {
          throw new Error("the cluster has no Applications: Mooring's CRD is not installed");
        }
        const found = await new Objects(transport)
          .get(resource, namespace, name)
          .catch((error: unknown) => {
            throw apiProblem(error);
          });
        if (found === undefined) {
          throw new Error(`the cluster has no Application ${namespace}/${name}`);
        }
        return parsed(found);
      },
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw apiProblem(error);
  }
}
