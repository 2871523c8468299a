/**
 * A real Kubernetes control plane in a directory: etcd, kube-apiserver and, with `workloads`,
 * kube-controller-manager, kube-scheduler and kwok's simulated nodes. Everything listens on
 * 127.0.0.1, and ends when its owner ends. See README.md in this folder.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { controlPlaneBinaries, type Environment } from "../../setup/control-plane.mjs";
import {
  apiServerArguments,
  auditPolicy,
  type ContainerLog,
  clusterLogs,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  schedulerArguments,
} from "./components.ts";
import {
  newToken,
  signingKeyPair,
  startTokenWebhook,
  type TokenWebhook,
  tokenLine,
  type User,
  writeKubeconfig,
} from "./identities.ts";
import { runKubectl } from "./kubectl.ts";
import { answers, isReady, listening } from "./readiness.ts";
import { type SupervisedChild, Supervisor } from "./supervisor.ts";

export interface ControlPlaneOptions {
  /** Kept on stop, and taken up again by a later start; default: a temporary one, removed on stop. */
  readonly dir?: string;
  /** Simulated nodes; default 0, then no Pod is ever scheduled. */
  readonly nodes?: number;
  /** kube-controller-manager, kube-scheduler and kwok; default true. Without them no Pod can be made. */
  readonly workloads?: boolean;
  /** Port of the apiserver; default: one of the system. */
  readonly port?: number;
  /** Audit log with the metadata of every answered request; default true. */
  readonly audit?: boolean;
  /** Whether etcd syncs to disk; default false. */
  readonly fsync?: boolean;
  /** Requests in flight that the apiserver takes, for load tests. */
  readonly maxInflight?: number;
  /** What `kubectl logs` shows; without any, simulated nodes refuse to show logs. */
  readonly logs?: readonly ContainerLog[];
  /** Says where the binaries are, and with MOORING_KUBERNETES of which version; default process.env. */
  readonly env?: Environment;
}

export interface ApiServerProcess {
  /** SIGKILL, and every connection with it. @returns once it has ended */
  kill(): Promise<void>;
  /**
   * Starts it again over what etcd has; a killed one only.
   * @param where on its own port, or on another one, of which the other programs do not know
   * @returns its URL, once it is ready
   */
  start(where?: "own port" | "another port"): Promise<string>;
}

export interface ControlPlane {
  readonly dir: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** Path of the kubeconfig of `admin`, of system:masters: exempt from RBAC and from priority and fairness. */
  readonly adminKubeconfig: string;
  /** Path; one JSON document of audit.k8s.io/v1 a line. */
  readonly auditLog: string;
  /**
   * Path of a kubeconfig with an identity of its own: a user of any name and groups (with
   * what RBAC grants them; nothing at first), or an existing ServiceAccount by TokenRequest
   * (24 h).
   */
  kubeconfigFor(user: User | { serviceAccount: string; namespace: string }): Promise<string>;
  /** Its process alone: an outage as its clients see one. */
  readonly apiServer: ApiServerProcess;
  /** The real kubectl as admin. @returns standard output. @throws with standard error */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Ends every process, then removes a temporary directory. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const startDeadlineMs = 120_000;

/** @throws Error naming the program and the end of its log when it does not become ready. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const place =
    options.dir === undefined
      ? { temporaryPrefix: join(tmpdir(), "mooring-cluster-") }
      : { directory: resolve(options.dir) };
  if ("directory" in place) await mkdir(place.directory, { recursive: true });
  const supervisor = await Supervisor.begin(place);
  const webhook = await startTokenWebhook();
  try {
    return await assemble(supervisor, webhook, options);
  } catch (error) {
    webhook.close();
    await supervisor.stop();
    throw error;
  }
}

async function assemble(
  supervisor: Supervisor,
  webhook: TokenWebhook,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const { nodes = 0, workloads = true, audit = true, fsync = false } = options;
  const binaries = controlPlaneBinaries(options.env);
  const dir = supervisor.directory;
  const file = (name: string) => join(dir, name);
  const deadline = Date.now() + startDeadlineMs;
  // An earlier start's.
  await rm(file("kubeconfig"), { force: true });
  for (const name of ["logs", "certificates", "kubeconfigs"]) {
    await mkdir(file(name), { recursive: true });
  }
  const launch = (name: keyof typeof binaries, tier: number, args: readonly string[]) =>
    supervisor.start({
      name,
      tier,
      command: binaries[name],
      args,
      log: join(dir, "logs", `${name}.log`),
      env: { PATH: "/usr/bin:/bin", HOME: dir },
    });

  const tokens = {
    admin: newToken(),
    controllerManager: newToken(),
    scheduler: newToken(),
    kwok: newToken(),
  };
  const masters = ["system:masters"];
  await writeFile(
    file("tokens.csv"),
    tokenLine(tokens.admin, { name: "admin", groups: masters }) +
      // Not its own role, which only lets it fetch a token for each of its controllers.
      tokenLine(tokens.controllerManager, {
        name: "system:kube-controller-manager",
        groups: masters,
      }) +
      tokenLine(tokens.scheduler, { name: "system:kube-scheduler" }) +
      tokenLine(tokens.kwok, { name: "kwok", groups: masters }),
    { mode: 0o600 },
  );
  await writeKubeconfig(file("token-webhook.yaml"), { server: webhook.url });
  if (!existsSync(file("service-account.key"))) {
    const pair = signingKeyPair();
    await writeFile(file("service-account.pub"), pair.publicKey);
    await writeFile(file("service-account.key"), pair.privateKey, { mode: 0o600 });
  }
  await writeFile(file("audit-policy.yaml"), JSON.stringify(auditPolicy));

  const etcdPort = await listening(
    undefined,
    (port) => launch("etcd", 0, etcdArguments({ directory: dir, port, fsync })),
    (port) => answers(`http://127.0.0.1:${port}/health`),
    deadline,
    file("logs/etcd.log"),
  );
  const auditLog = file("audit.log");
  const certificate = file("certificates/apiserver.crt");
  let apiServer: SupervisedChild | undefined;
  const startApiServer = (fixed: number | undefined, deadline: number) =>
    listening(
      fixed,
      (port) => {
        apiServer = launch(
          "kube-apiserver",
          1,
          apiServerArguments({
            directory: dir,
            port,
            etcdPort,
            auditLog,
            ...(audit ? { auditPolicy: file("audit-policy.yaml") } : {}),
            ...(options.maxInflight === undefined ? {} : { maxInflight: options.maxInflight }),
            tokenFile: file("tokens.csv"),
            tokenWebhook: file("token-webhook.yaml"),
            signingKey: file("service-account.key"),
            verifyingKey: file("service-account.pub"),
          }),
        );
        return apiServer;
      },
      async (port) =>
        existsSync(certificate) &&
        (await isReady(port, await readFile(certificate, "utf8"), tokens.admin)),
      deadline,
      file("logs/kube-apiserver.log"),
    );
  const port = await startApiServer(options.port, deadline);

  const server = `https://127.0.0.1:${port}`;
  // The self-signed file holds the certificate and the authority that signed it.
  const ca = await readFile(certificate, "utf8");
  let written = 0;
  const kubeconfig = (token: string, name: string) =>
    writeKubeconfig(file(name), { server, ca, token });
  const adminKubeconfig = file("kubeconfig");
  const prepared = await kubeconfig(tokens.admin, "kubeconfigs/admin");
  const kubectl = (args: readonly string[], input?: string) =>
    runKubectl({
      command: binaries.kubectl,
      kubeconfig: prepared,
      cacheDirectory: file("kubectl"),
      args,
      input,
    });

  if (workloads) {
    launch(
      "kube-controller-manager",
      2,
      controllerManagerArguments({
        kubeconfig: await kubeconfig(
          tokens.controllerManager,
          "kubeconfigs/kube-controller-manager",
        ),
        signingKey: file("service-account.key"),
        rootCa: certificate,
      }),
    );
    launch(
      "kube-scheduler",
      2,
      schedulerArguments({
        kubeconfig: await kubeconfig(tokens.scheduler, "kubeconfigs/kube-scheduler"),
      }),
    );
    const stages = ["kwok-fast.yaml", "images.yaml"].map((name) =>
      fileURLToPath(new URL(`stages/${name}`, import.meta.url)),
    );
    const kwok = { kubeconfig: await kubeconfig(tokens.kwok, "kubeconfigs/kwok"), stages };
    if (options.logs === undefined) {
      launch("kwok", 2, kwokArguments(kwok));
    } else {
      const documents = clusterLogs(options.logs).map((document) => JSON.stringify(document));
      await writeFile(file("container-logs.yaml"), documents.join("\n---\n"));
      const kubelet = {
        certificate,
        key: file("certificates/apiserver.key"),
        logs: file("container-logs.yaml"),
      };
      await listening(
        undefined,
        (port) => launch("kwok", 2, kwokArguments({ ...kwok, kubelet: { ...kubelet, port } })),
        (port) => isReady(port, ca, tokens.kwok),
        deadline,
        file("logs/kwok.log"),
      );
    }
    if (nodes > 0) {
      await kubectl(["apply", "-f", "-"], JSON.stringify(simulatedNodes(nodes)));
      await kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "node", "--all"]);
    }
    // Pods of a namespace can be made once its ServiceAccount is there.
    await kubectl([
      "wait",
      "--for=create",
      "--timeout=60s",
      "-n=default",
      "serviceaccount/default",
    ]);
  }

  // At once and complete: whoever waits for this file waits for the cluster.
  await copyFile(prepared, file("kubeconfigs/ready"));
  await rename(file("kubeconfigs/ready"), adminKubeconfig);

  const stop = async () => {
    webhook.close();
    await supervisor.stop();
  };
  return {
    dir,
    server,
    adminKubeconfig,
    auditLog,
    apiServer: {
      async kill() {
        apiServer?.kill("SIGKILL");
        await apiServer?.ended;
      },
      async start(where = "own port") {
        const fixed = where === "own port" ? port : undefined;
        return `https://127.0.0.1:${await startApiServer(fixed, Date.now() + startDeadlineMs)}`;
      },
    },
    kubectl,
    async kubeconfigFor(user) {
      // Its own number before anything is awaited: calls beside each other share no file.
      written += 1;
      const number = written;
      if ("name" in user) {
        return kubeconfig(webhook.add(user), `kubeconfigs/user-${number}`);
      }
      const { serviceAccount, namespace } = user;
      const token = await kubectl([
        "create",
        "token",
        serviceAccount,
        `--namespace=${namespace}`,
        "--duration=24h",
      ]);
      return kubeconfig(token.trim(), `kubeconfigs/service-account-${number}`);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function simulatedNodes(count: number): object {
  // kwok's own default knows no ephemeral storage, and a Pod that asks for some would wait for ever.
  const room = { cpu: "1k", memory: "1Ti", "ephemeral-storage": "1Ti", pods: "1M" };
  const items = Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: `node-${index}`,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: { "kubernetes.io/hostname": `node-${index}`, "kubernetes.io/os": "linux" },
    },
    status: { allocatable: room, capacity: room },
  }));
  return { apiVersion: "v1", kind: "List", items };
}
