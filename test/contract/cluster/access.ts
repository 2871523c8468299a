/** What these tests reach a control plane with: our own transport, discovery and objects. */
import { type Connection, connect } from "../../../src/cluster/connection.ts";
import { Discovery } from "../../../src/cluster/discovery.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import {
  createTransport,
  type Identity,
  type Transport,
  type TransportHooks,
} from "../../../src/cluster/transport.ts";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";

export interface Access {
  connection: Connection;
  transport: Transport;
  discovery: Discovery;
  objects: Objects;
  as(identity: Identity): Objects;
  kind(apiVersion: string, kind: string): ResourceKind;
  apply(object: KubeObject, fieldManager?: string, force?: boolean): Promise<KubeObject>;
  /** A namespace that this call creates. */
  namespace(prefix: string): Promise<string>;
}

export async function access(kubeconfig: string, hooks: TransportHooks = {}): Promise<Access> {
  const connection = await connect({ kubeconfig });
  const transport = createTransport(connection, { maxInFlight: 32, hooks });
  const discovery = new Discovery(transport);
  await discovery.refresh();
  const objects = new Objects(transport);
  const kind = (apiVersion: string, name: string): ResourceKind => {
    const found = discovery.find(apiVersion, name);
    if (found === undefined) throw new Error(`the cluster has no ${apiVersion} ${name}`);
    return found;
  };
  return {
    connection,
    transport,
    discovery,
    objects,
    as: (identity) => new Objects(transport, identity),
    kind,
    apply: (object, fieldManager = "mooring.test", force = false) =>
      objects.apply(kind(object.apiVersion, object.kind), object, { fieldManager, force }),
    async namespace(prefix) {
      const created = await objects.create(kind("v1", "Namespace"), {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { generateName: `${prefix}-` },
      });
      return created.metadata.name ?? "";
    },
  };
}

/** The condition's first answer that is not undefined or false; a test fails at the deadline. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 30_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a promise rejects with; a test fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded, though it should have failed");
}

export function configMap(
  namespace: string,
  name: string,
  data: Record<string, string> = {},
  metadata: KubeObject["metadata"] = {},
): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, namespace, name }, data };
}

export function deployment(
  namespace: string,
  name: string,
  spec: Record<string, unknown> = {},
  container: Record<string, unknown> = {},
): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "main", image: "example.com/app:1", ...container }] },
      },
      ...spec,
    },
  };
}
