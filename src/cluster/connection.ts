/**
 * How the apiserver is reached and how we prove who we are: the only place that uses
 * `@kubernetes/client-node`, and only its KubeConfig. Its own HTTP client makes a TLS agent per
 * request (146 applies a second against more than 1,000 over a kept pool).
 */

import { existsSync } from "node:fs";
import type https from "node:https";
import { delimiter } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { type Dispatcher, Pool, ProxyAgent } from "undici";

export interface Connection {
  /** Origin and base path, without a trailing slash: `https://10.0.0.1:443`. */
  readonly server: string;
  /** For requests that end. HTTP/1.1: 0.2 ms of CPU for an apply, HTTP/2 took 15 % more. */
  readonly requests: Dispatcher;
  /** For watches: a pool of their own, so that they never take a request's connection. */
  readonly streams: Dispatcher;
  /** Headers that authenticate. Asks the KubeConfig again from time to time, because token files rotate. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The apiserver answered 401: read every credential anew. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Path of a kubeconfig, or several as in KUBECONFIG (the first to define a thing wins). */
  kubeconfig?: string;
  /** Use the pod's ServiceAccount, whether or not a kubeconfig is given. */
  inCluster?: boolean;
  /** Context of the kubeconfig instead of its current one. */
  context?: string;
  /** Milliseconds since any fixed point. */
  monotonic?: () => number;
}

/** KubeConfig itself re-reads token files and runs exec plugins when theirs are a minute old or expired. */
const CREDENTIALS_KEPT_MS = 10_000;
/** An exec plugin that hangs must not hang every request for ever. */
const CREDENTIALS_TIMEOUT_MS = 30_000;
/** Below the 90 s after which kube-apiserver closes an idle connection, and the 60 s of usual load balancers. */
const IDLE_MS = 30_000;

/** @throws Error when the kubeconfig cannot be read, names no cluster, or its credentials cannot be had. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const monotonic = options.monotonic ?? (() => performance.now());
  let config = load(options);
  let material = await read(config);
  let readAt = monotonic();
  let pools = open(material);
  let reading: Promise<void> | undefined;

  const adopt = (next: Material): void => {
    const previous = material;
    material = next;
    readAt = monotonic();
    if (next.tlsKey === previous.tlsKey && next.server === previous.server) return;
    // A new client certificate or CA: new connections; what is under way on the old ones ends in peace.
    const old = pools;
    pools = open(next);
    for (const pool of [old.requests, old.streams]) void pool.close();
  };
  const reread = (from: () => KubeConfig): Promise<void> => {
    reading ??= (async () => {
      config = from();
      adopt(await read(config));
    })().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    get server() {
      return material.server;
    },
    get requests() {
      return pools.requests;
    },
    get streams() {
      return pools.streams;
    },
    async headers() {
      if (monotonic() - readAt > CREDENTIALS_KEPT_MS) await reread(() => config);
      return material.headers;
    },
    renew: () => reread(() => load(options)),
    async close() {
      await Promise.all([pools.requests.destroy(), pools.streams.destroy()]);
    },
  };
}

function load({ kubeconfig, inCluster, context }: ConnectOptions): KubeConfig {
  const config = new KubeConfig();
  if (inCluster === true || kubeconfig === undefined) {
    config.loadFromCluster();
    if (config.getCurrentCluster()?.server.includes("//undefined") !== false)
      throw new Error(
        "no kubeconfig was given, and this is not a pod: KUBERNETES_SERVICE_HOST is not set",
      );
    return config;
  }
  const files = kubeconfig.split(delimiter).filter((file) => file !== "");
  // As kubectl: in a list of files those that do not exist are passed over.
  const present = files.length > 1 ? files.filter((file) => existsSync(file)) : files;
  for (const [index, file] of present.entries()) {
    if (index === 0) {
      config.loadFromFile(file);
      continue;
    }
    const more = new KubeConfig();
    more.loadFromFile(file);
    merge(config, more);
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null)
    throw new Error(
      `kubeconfig ${kubeconfig}: context ${JSON.stringify(config.getCurrentContext() ?? "")} has no cluster`,
    );
  return config;
}

/** The first definition of a name wins, as in kubectl; KubeConfig.mergeConfig throws on the second. */
function merge(into: KubeConfig, from: KubeConfig): void {
  for (const cluster of from.clusters)
    if (into.getCluster(cluster.name) === null) into.addCluster(cluster);
  for (const user of from.users) if (into.getUser(user.name) === null) into.addUser(user);
  for (const context of from.contexts)
    if (into.getContextObject(context.name) === null) into.addContext(context);
  if (!into.currentContext) into.setCurrentContext(from.currentContext);
}

interface Material {
  server: string;
  proxy: string | undefined;
  tls: Tls;
  /** Equal keys, equal connections. */
  tlsKey: string;
  headers: Readonly<Record<string, string>>;
}

interface Tls {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

async function read(config: KubeConfig): Promise<Material> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("the kubeconfig's context has no cluster");
  const options: https.RequestOptions = {};
  await within(CREDENTIALS_TIMEOUT_MS, config.applyToHTTPSOptions(options));

  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    headers[name.toLowerCase()] = String(value).trim();
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;

  const tls: Tls = {};
  if (options.ca) tls.ca = options.ca as Buffer;
  if (options.cert) tls.cert = options.cert as Buffer;
  if (options.key) tls.key = options.key as Buffer;
  if (options.servername !== undefined) tls.servername = options.servername;
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized;
  const tlsKey = JSON.stringify([tls.ca, tls.cert, tls.key].map((part) => part?.toString() ?? ""));
  return { server: cluster.server, proxy: cluster.proxyUrl || undefined, tls, tlsKey, headers };
}

function open({ server, proxy, tls }: Material): { requests: Dispatcher; streams: Dispatcher } {
  const origin = new URL(server).origin;
  const make = (): Dispatcher => {
    const shared = { allowH2: false, keepAliveTimeout: IDLE_MS, keepAliveMaxTimeout: IDLE_MS };
    const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 };
    if (proxy === undefined) return new Pool(origin, { ...shared, connect });
    if (!/^https?:/.test(proxy))
      throw new Error(`proxy-url ${proxy}: only http:// and https:// proxies are supported`);
    return new ProxyAgent({ ...shared, uri: proxy, requestTls: connect });
  };
  return { requests: make(), streams: make() };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the kubeconfig's credentials were not there after ${ms / 1000} s`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
