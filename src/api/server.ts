/**
 * HTTP for kubelet and Prometheus: `/healthz`, `/readyz`, `/metrics`. Reads only; it has no way
 * to change anything.
 *
 * - `/healthz`: 200 as long as this process answers, for an event loop that is stuck does not
 * - `/readyz`: 200 when every check passes, else 503; a standby replica is ready
 * - `/metrics`: the registry, in the Prometheus text format
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { Registry } from "prom-client";

export interface ApiServerOptions {
  /** Address to listen on. */
  host: string;
  /** 0 asks the system for one. */
  port: number;
  registry: Registry;
  /** By name: does it hold? Each is asked at every request, so it must be cheap. */
  ready: Readonly<Record<string, () => boolean>>;
}

export interface ApiServer {
  /** The port that is listened on. */
  readonly port: number;
  /** Ends the server and every connection, also kept ones. */
  close(): Promise<void>;
}

/** A client has this long to send its request: slow ones must not collect. */
const requestMs = 5_000;
const keepAliveMs = 30_000;
/** Ours have no body and few headers. */
const maxHeaderBytes = 8_192;
const maxConnections = 256;

interface Answer {
  status: number;
  type: string;
  body: string;
  headers?: Record<string, string>;
}

/** @throws Error when the address cannot be listened on. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: requestMs,
    },
    (request, response) => {
      answer(request, options).then(
        (result) => send(request, response, result),
        // What failed inside is for the log of whoever registered it, not for the network.
        () => send(request, response, plain(500, "internal error")),
      );
    },
  );
  server.maxConnections = maxConnections;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, options: ApiServerOptions): Promise<Answer> {
  const [path] = (request.url ?? "").split("?", 1);
  const handler = handlers[path ?? ""];
  if (handler === undefined) return plain(404, "not found");
  if (request.method !== "GET" && request.method !== "HEAD")
    return { ...plain(405, "method not allowed"), headers: { allow: "GET, HEAD" } };
  return await handler(options);
}

const handlers: Readonly<Record<string, (options: ApiServerOptions) => Answer | Promise<Answer>>> =
  Object.assign(Object.create(null), {
    "/healthz": () => plain(200, "ok"),
    "/readyz": ({ ready }: ApiServerOptions) => readiness(ready),
    "/metrics": async ({ registry }: ApiServerOptions) => ({
      status: 200,
      type: registry.contentType,
      body: await exposition(registry),
    }),
  });

/**
 * What `registry.metrics()` says, with a breath after each metric: with thousands of
 * applications the whole takes tens of milliseconds, which no heal should wait for.
 */
async function exposition(registry: Registry): Promise<string> {
  const parts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    parts.push(await registry.getSingleMetricAsString(name));
    await setImmediate();
  }
  return `${parts.join("\n\n")}\n`;
}

/** `{"ready":false,"checks":{"applications":"waiting"},"missing":["applications"]}` */
function readiness(checks: ApiServerOptions["ready"]): Answer {
  const states = Object.entries(checks).map(([name, holds]) => [name, holds()] as const);
  const missing = states.filter(([, holds]) => !holds).map(([name]) => name);
  const body = {
    ready: missing.length === 0,
    checks: Object.fromEntries(states.map(([name, holds]) => [name, holds ? "ok" : "waiting"])),
    missing,
  };
  return {
    status: missing.length === 0 ? 200 : 503,
    type: "application/json",
    body: `${JSON.stringify(body)}\n`,
  };
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, result: Answer): void {
  response.writeHead(result.status, {
    "content-type": result.type,
    "content-length": Buffer.byteLength(result.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...result.headers,
  });
  response.end(request.method === "HEAD" ? undefined : result.body);
}

function listen(server: Server, { host, port }: ApiServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
