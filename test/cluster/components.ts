/**
 * The command lines of the control plane's programs.
 *
 * Shared by every test, the tour and the benchmark; why each flag is there is said beside it.
 */
import { join } from "node:path";

export interface EtcdOptions {
  readonly directory: string;
  readonly port: number;
  readonly fsync: boolean;
}

export function etcdArguments({ directory, port, fsync }: EtcdOptions): string[] {
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${port}`,
    `--advertise-client-urls=http://127.0.0.1:${port}`,
    "--listen-peer-urls=http://127.0.0.1:0",
    "--log-level=warn",
    ...(fsync ? [] : ["--unsafe-no-fsync"]),
  ];
}

export interface ApiServerOptions {
  readonly directory: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly auditPolicy?: string;
  readonly auditLog: string;
  /** Requests in flight, read and mutating alike; absent: the apiserver's own defaults. */
  readonly maxInflight?: number;
  readonly tokenFile: string;
  readonly tokenWebhook: string;
  readonly signingKey: string;
  readonly verifyingKey: string;
}

export function apiServerArguments(options: ApiServerOptions): string[] {
  const { directory, port, etcdPort, auditPolicy, maxInflight } = options;
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // The endpoints of the Service `kubernetes` refuse a loopback address.
    "--endpoint-reconciler-type=none",
    `--cert-dir=${join(directory, "certificates")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${options.signingKey}`,
    `--service-account-key-file=${options.verifyingKey}`,
    "--authorization-mode=RBAC,Node",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--allow-privileged",
    `--token-auth-file=${options.tokenFile}`,
    `--authentication-token-webhook-config-file=${options.tokenWebhook}`,
    "--authentication-token-webhook-version=v1",
    ...(auditPolicy === undefined
      ? []
      : [
          `--audit-policy-file=${auditPolicy}`,
          `--audit-log-path=${options.auditLog}`,
          // One file, never rotated: tests count in it.
          "--audit-log-maxsize=0",
        ]),
    ...(maxInflight === undefined
      ? []
      : [
          `--max-requests-inflight=${maxInflight}`,
          `--max-mutating-requests-inflight=${maxInflight}`,
        ]),
  ];
}

export function controllerManagerArguments(options: {
  kubeconfig: string;
  signingKey: string;
  rootCa: string;
}): string[] {
  return [
    `--kubeconfig=${options.kubeconfig}`,
    `--service-account-private-key-file=${options.signingKey}`,
    `--root-ca-file=${options.rootCa}`,
    "--leader-elect=false",
    "--secure-port=0",
    // Simulated nodes send no Leases; without this they would be NotReady after 50 s.
    "--node-monitor-grace-period=24h",
    // The defaults (20/s) would make it, not the controller under test, the bottleneck.
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ];
}

export function schedulerArguments(options: { kubeconfig: string }): string[] {
  return [
    `--kubeconfig=${options.kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ];
}

export interface KwokOptions {
  readonly kubeconfig: string;
  readonly stages: readonly string[];
  /** It answers for the kubelets of its nodes; with a certificate, since the apiserver asks by TLS. */
  readonly kubelet?: {
    readonly port: number;
    readonly certificate: string;
    readonly key: string;
    /** Path of a file with ClusterLogs. */
    readonly logs: string;
  };
}

export function kwokArguments({ kubelet, ...options }: KwokOptions): string[] {
  return [
    `--kubeconfig=${options.kubeconfig}`,
    "--manage-all-nodes",
    "--cidr=10.244.0.0/16",
    ...options.stages.map((path) => `--config=${path}`),
    ...(kubelet === undefined
      ? []
      : [
          "--node-ip=127.0.0.1",
          `--node-port=${kubelet.port}`,
          `--server-address=127.0.0.1:${kubelet.port}`,
          `--tls-cert-file=${kubelet.certificate}`,
          `--tls-private-key-file=${kubelet.key}`,
          `--config=${kubelet.logs}`,
        ]),
  ];
}

/** Metadata of every request once it was answered; nothing is left out, so tests can count. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
};

/** What `kubectl logs` shows of the containers of simulated Pods: each document is one of kwok's. */
export function clusterLogs(logs: readonly ContainerLog[]): object[] {
  return logs.map(({ namespace, container, file }) => ({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "ClusterLogs",
    metadata: { name: `${namespace}-${container}` },
    spec: {
      selector: { matchNamespaces: [namespace] },
      logs: [{ containers: [container], logsFile: file, follow: true }],
    },
  }));
}

/** The log of every container of that name in a namespace. */
export interface ContainerLog {
  readonly namespace: string;
  readonly container: string;
  /** Path; its lines are `<RFC 3339 time> stdout F <text>`, as container runtimes write them. */
  readonly file: string;
}
