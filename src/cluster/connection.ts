/**
 * How the apiserver is reached. Of `@kubernetes/client-node` we use what reads kubeconfigs and
 * authenticates (kubeconfig.ts, credentials.ts); its own HTTP client makes a TLS agent per request
 * (146 applies a second against more than 1,000 over a kept pool).
 */

import { type Dispatcher, Pool, ProxyAgent } from "undici";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { type Access, accessByKubeconfig, accessOfPod } from "./kubeconfig.ts";

export interface Connection {
  /** Origin and base path, without a trailing slash: `https://10.0.0.1:443`. */
  readonly server: string;
  /** For requests that end. HTTP/1.1: 0.2 ms of CPU for an apply, HTTP/2 took 15 % more. */
  readonly requests: Dispatcher;
  /** For watches: a pool of their own, so that they never take a request's connection. */
  readonly streams: Dispatcher;
  /** Headers that authenticate. Asks for the credentials again from time to time, because token files rotate. */
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
  /** Tells a pod where the apiserver is: KUBERNETES_SERVICE_HOST and _PORT. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Context of the kubeconfig instead of its current one. */
  context?: string;
  /** Milliseconds since any fixed point. */
  monotonic?: () => number;
}

/** Of these, token files and exec plugins are asked when theirs are a minute old or expired. */
const CREDENTIALS_KEPT_MS = 10_000;
/** An exec plugin that hangs must not hang every request for ever. */
const CREDENTIALS_TIMEOUT_MS = 30_000;
/** Below the 90 s after which kube-apiserver closes an idle connection, and the 60 s of usual load balancers. */
const IDLE_MS = 30_000;

/** @throws Error when the kubeconfig cannot be read, names no cluster, or its credentials cannot be had. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const monotonic = options.monotonic ?? (() => performance.now());
  let read = reader(options);
  let material = await read();
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
  const reread = (from: () => typeof read): Promise<void> => {
    reading ??= (async () => {
      read = from();
      adopt(await read());
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
      if (monotonic() - readAt > CREDENTIALS_KEPT_MS) await reread(() => read);
      return material.headers;
    },
    renew: () => reread(() => reader(options)),
    async close() {
      await Promise.all([pools.requests.destroy(), pools.streams.destroy()]);
    },
  };
}

function accessBy({ kubeconfig, inCluster, context, env = {} }: ConnectOptions): Access {
  if (inCluster === true || kubeconfig === undefined) return accessOfPod(env);
  return accessByKubeconfig(kubeconfig, context);
}

interface Material extends Credentials {
  server: string;
  proxy: string | undefined;
  /** Equal keys, equal connections. */
  tlsKey: string;
}

/** What to ask for everything that a connection is made of, again and again. */
function reader(options: ConnectOptions): () => Promise<Material> {
  const access = accessBy(options);
  const credentials = credentialsOf(access);
  const { server, proxyUrl, skipTLSVerify } = access.cluster;
  if (server.startsWith("http:") && !skipTLSVerify)
    throw new Error(`${server}: HTTP is not allowed without insecure-skip-tls-verify: true`);
  return async () => {
    const { tls, headers } = await within(CREDENTIALS_TIMEOUT_MS, credentials());
    const parts = [tls.ca, tls.cert, tls.key].map((part) => part?.toString() ?? "");
    return { server, proxy: proxyUrl || undefined, tls, tlsKey: JSON.stringify(parts), headers };
  };
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
