/** An HTTP server that answers as a test says: for faults that a real apiserver does not show on demand. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, type ConnectOptions, connect } from "../../../src/cluster/connection.ts";
import {
  createTransport,
  type Transport,
  type TransportOptions,
} from "../../../src/cluster/transport.ts";

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface ScriptedServer {
  /** Requests whose body has arrived, in order. */
  readonly seen: Seen[];
  readonly kubeconfig: string;
  connect(options?: Partial<ConnectOptions>): Promise<Connection>;
  transport(options?: Partial<TransportOptions>): Promise<Transport>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type Script = (request: Seen, response: ServerResponse, index: number) => void;

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const directory = await mkdtemp(join(tmpdir(), "mooring-scripted-"));
  const seen: Seen[] = [];
  const connections: Connection[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const entry = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(entry);
      script(entry, response, seen.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "u", user: { token: "first-token" } }],
    }),
  );
  const open = async (options: Partial<ConnectOptions> = {}): Promise<Connection> => {
    const connection = await connect({ kubeconfig, ...options });
    connections.push(connection);
    return connection;
  };
  return {
    seen,
    kubeconfig,
    connect: open,
    async transport(options = {}) {
      return createTransport(await open(), { maxInFlight: 4, ...options });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
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

/** Sleeps that take no time, and are written down. */
export function instantClock(): {
  slept: number[];
  clock: { monotonic(): number; sleep(ms: number): Promise<void> };
} {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    clock: {
      monotonic: () => now,
      sleep: async (ms) => {
        slept.push(ms);
        now += ms;
      },
    },
  };
}
