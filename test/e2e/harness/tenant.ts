/** A team of the cluster: namespaces, a ServiceAccount `deployer` with rights in them, repositories. */

import type { Change, TestRepository } from "../../git/repository.ts";
import type { GitServer } from "../../git/server.ts";
import { ApplicationHandle } from "./application-handle.ts";
import type { KubeApi, TestObject } from "./kube-api.ts";

const deployer = "deployer";
const rbac = "rbac.authorization.k8s.io";

/** What a deployer may write in its namespaces; the controller asks for nothing beyond. */
const rules = [
  {
    apiGroups: [""],
    resources: ["configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims"],
    verbs: ["get", "create", "patch", "delete"],
  },
  {
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets", "deployments/scale"],
    verbs: ["get", "create", "patch", "delete"],
  },
  { apiGroups: ["shop.example"], resources: ["*"], verbs: ["get", "create", "patch", "delete"] },
];

interface SourceShape {
  git?: Readonly<Record<string, unknown>>;
  path?: string;
  helm?: Readonly<Record<string, unknown>>;
  kustomize?: Readonly<Record<string, unknown>>;
  directory?: Readonly<Record<string, unknown>>;
}

export interface ApplicationShape {
  /** The repository's first commit. */
  files: Readonly<Record<string, Change>>;
  /** Over a spec that enforces, prunes and heals what is under `deploy/` of branch main. */
  spec?: Readonly<Record<string, unknown>> & { source?: SourceShape };
  annotations?: Readonly<Record<string, string>>;
  /** Another server than that of all. */
  git?: GitServer;
  /** Name of a repository that several applications share; made by the first of them. */
  repository?: string;
}

export class Tenant {
  /** Also the name of its first namespace. */
  readonly name: string;
  readonly #api: KubeApi;
  readonly #git: GitServer;
  readonly #shared = new Map<string, TestRepository>();

  private constructor(name: string, api: KubeApi, git: GitServer) {
    this.name = name;
    this.#api = api;
    this.#git = git;
  }

  /** Of a namespace that exists already. */
  static of(namespace: string, api: KubeApi, git: GitServer): Tenant {
    return new Tenant(namespace, api, git);
  }

  static async create(name: string, api: KubeApi, git: GitServer): Promise<Tenant> {
    const tenant = new Tenant(name, api, git);
    await tenant.addNamespace(name);
    await api.create({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { namespace: name, name: deployer },
    });
    return tenant;
  }

  /** A further namespace that its deployer may write to. */
  async addNamespace(name: string): Promise<void> {
    await this.#api.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await this.grantIn(name);
  }

  /** The deployer's usual rights, in a namespace that exists. */
  async grantIn(namespace: string): Promise<void> {
    await this.#bind("Role", { namespace, name: deployer }, rules);
  }

  /** After somebody deleted the RoleBinding of its first namespace. */
  async bindAgain(): Promise<void> {
    await this.#api.create(this.#binding("Role", { namespace: this.name, name: deployer }));
  }

  /** Rights on cluster-scoped objects. */
  async grantInCluster(more: readonly object[]): Promise<void> {
    await this.#bind("ClusterRole", { name: `${this.name}-${deployer}` }, more);
  }

  /** An Application of this tenant; its repository, its own unless one is named, gets `files`. */
  async application(name: string, shape: ApplicationShape): Promise<ApplicationHandle> {
    const path = `${this.name}/${shape.repository ?? name}`;
    const git = shape.git ?? this.#git;
    const { source, ...spec } = shape.spec ?? {};
    const repository = this.#shared.get(path) ?? (await git.createRepository(path));
    if (shape.repository !== undefined) this.#shared.set(path, repository);
    if (Object.keys(shape.files).length > 0)
      await repository.commit(shape.files, { message: "First" });
    const object: TestObject = {
      apiVersion: "mooring.dev/v1alpha1",
      kind: "Application",
      metadata: {
        namespace: this.name,
        name,
        ...(shape.annotations === undefined ? {} : { annotations: shape.annotations }),
      },
      spec: {
        serviceAccountName: deployer,
        source: {
          path: "deploy",
          ...source,
          git: { url: git.url(path), ref: { branch: "main" }, ...source?.git },
        },
        // Tests ask for a look by annotation; what they must not depend on is the poll.
        interval: "1h",
        mode: "enforce",
        prune: true,
        selfHeal: true,
        ...spec,
      },
    };
    await this.#api.create(object);
    return new ApplicationHandle(this.#api, repository, this.name, name);
  }

  async #bind(
    kind: "Role" | "ClusterRole",
    metadata: TestObject["metadata"],
    granted: readonly object[],
  ): Promise<void> {
    await this.#api.create({ apiVersion: `${rbac}/v1`, kind, metadata, rules: granted });
    await this.#api.create(this.#binding(kind, metadata));
  }

  #binding(kind: "Role" | "ClusterRole", metadata: TestObject["metadata"]): TestObject {
    return {
      apiVersion: `${rbac}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: rbac, kind, name: metadata.name },
      subjects: [{ kind: "ServiceAccount", namespace: this.name, name: deployer }],
    };
  }
}
