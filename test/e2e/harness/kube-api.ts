/**
 * The Kubernetes API as the admin of a test sees it: raw requests, nothing of the code under
 * test in between.
 */
import { readFile } from "node:fs/promises";
import { Pool } from "undici";
import { parse } from "yaml";

export interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: object[];
    managedFields?: {
      manager: string;
      operation: string;
      subresource?: string;
      fieldsV1: object;
    }[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests read what objects of every kind hold
  [field: string]: any;
}

/** Kind -> where the API serves it. */
const kinds = {
  Namespace: ["v1", "namespaces"],
  ConfigMap: ["v1", "configmaps"],
  Secret: ["v1", "secrets"],
  Service: ["v1", "services"],
  ServiceAccount: ["v1", "serviceaccounts"],
  PersistentVolumeClaim: ["v1", "persistentvolumeclaims"],
  Pod: ["v1", "pods"],
  Deployment: ["apps/v1", "deployments"],
  StatefulSet: ["apps/v1", "statefulsets"],
  Role: ["rbac.authorization.k8s.io/v1", "roles"],
  RoleBinding: ["rbac.authorization.k8s.io/v1", "rolebindings"],
  ClusterRole: ["rbac.authorization.k8s.io/v1", "clusterroles"],
  ClusterRoleBinding: ["rbac.authorization.k8s.io/v1", "clusterrolebindings"],
  CustomResourceDefinition: ["apiextensions.k8s.io/v1", "customresourcedefinitions"],
  Lease: ["coordination.k8s.io/v1", "leases"],
  Event: ["events.k8s.io/v1", "events"],
  Application: ["mooring.dev/v1alpha1", "applications"],
} as const;
const clusterScoped: readonly string[] = [
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
];

export type Kind = keyof typeof kinds;

const patchTypes = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
};

export interface PatchOptions {
  type?: keyof typeof patchTypes;
  /** Field manager; default `tester`. */
  manager?: string;
  subresource?: string;
  force?: boolean;
}

export class KubeApi {
  readonly #pool: Pool;
  readonly #token: string;

  private constructor(pool: Pool, token: string) {
    this.#pool = pool;
    this.#token = token;
  }

  static async connect(kubeconfig: string): Promise<KubeApi> {
    const config = parse(await readFile(kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
      users: [{ user: { token: string } }];
    };
    const { server, "certificate-authority-data": authority } = config.clusters[0].cluster;
    const ca = Buffer.from(authority, "base64").toString();
    const pool = new Pool(server, { connections: 8, connect: { ca } });
    return new KubeApi(pool, config.users[0].user.token);
  }

  /** The object, or undefined when the API says that there is none. */
  async get(kind: Kind, namespace: string, name: string): Promise<TestObject | undefined> {
    const { status, body } = await this.#request("GET", pathOf(kind, namespace, name));
    if (status === 404) return undefined;
    return this.#sure(status, body, `get ${kind} ${name}`) as TestObject;
  }

  /** @throws Error when there is none */
  async read(kind: Kind, namespace: string, name: string): Promise<TestObject> {
    const found = await this.get(kind, namespace, name);
    if (found === undefined) throw new Error(`there is no ${kind} ${namespace}/${name}`);
    return found;
  }

  async list(kind: Kind, namespace: string, query = ""): Promise<TestObject[]> {
    const { status, body } = await this.#request("GET", `${pathOf(kind, namespace)}${query}`);
    return (this.#sure(status, body, `list ${kind}`) as { items: TestObject[] }).items;
  }

  async create(object: TestObject, manager = "tester"): Promise<TestObject> {
    const path = pathOf(object.kind as Kind, object.metadata.namespace ?? "");
    const { status, body } = await this.#request(
      "POST",
      `${path}?fieldManager=${manager}`,
      "application/json",
      object,
    );
    return this.#sure(status, body, `create ${object.kind}`) as TestObject;
  }

  async patch(
    kind: Kind,
    namespace: string,
    name: string,
    change: unknown,
    options: PatchOptions = {},
  ): Promise<TestObject> {
    const { type = "merge", manager = "tester", subresource, force = false } = options;
    const path = `${pathOf(kind, namespace, name)}${subresource === undefined ? "" : `/${subresource}`}`;
    const query = `?fieldManager=${manager}${force ? "&force=true" : ""}`;
    const { status, body } = await this.#request("PATCH", path + query, patchTypes[type], change);
    return this.#sure(status, body, `patch ${kind} ${name}`) as TestObject;
  }

  async delete(kind: Kind, namespace: string, name: string): Promise<void> {
    const { status, body } = await this.#request("DELETE", pathOf(kind, namespace, name));
    this.#sure(status, body, `delete ${kind} ${name}`);
  }

  /**
   * Every version of the objects of a kind from now on, as a watch tells them.
   * @returns what was seen so far, and how to stop
   */
  async watch(kind: Kind, namespace: string): Promise<{ seen: TestObject[]; stop(): void }> {
    const listed = (await this.#request("GET", pathOf(kind, namespace))).body as {
      metadata: { resourceVersion: string };
    };
    const stopping = new AbortController();
    const answer = await this.#pool.request({
      method: "GET",
      path: `${pathOf(kind, namespace)}?watch=1&resourceVersion=${listed.metadata.resourceVersion}`,
      headers: { authorization: `Bearer ${this.#token}` },
      signal: stopping.signal,
    });
    const seen: TestObject[] = [];
    void (async () => {
      let rest = "";
      for await (const chunk of answer.body.setEncoding("utf8")) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) seen.push((JSON.parse(line) as { object: TestObject }).object);
      }
    })().catch(() => {
      // Stopped.
    });
    return { seen, stop: () => stopping.abort() };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #request(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    contentType?: string,
    content?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(contentType === undefined ? {} : { "content-type": contentType }),
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    return { status: answer.statusCode, body: await answer.body.json() };
  }

  #sure(status: number, body: unknown, what: string): unknown {
    if (status < 300) return body;
    throw new Error(`${what}: ${status} ${(body as { message?: string }).message ?? ""}`);
  }
}

function pathOf(kind: Kind, namespace: string, name?: string): string {
  const [apiVersion, resource] = kinds[kind];
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const scope = namespace === "" || clusterScoped.includes(kind) ? "" : `/namespaces/${namespace}`;
  return `${root}${scope}/${resource}${name === undefined ? "" : `/${name}`}`;
}
