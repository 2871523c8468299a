/** Stands between a controller and the apiserver, and holds chosen requests for ever. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { Pool } from "undici";
import { parse, stringify } from "yaml";

export interface Gated {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
}

/** Whether a request is held before it reaches the apiserver, or its answer after it was carried out. */
export type Side = "before" | "after";

interface Cluster {
  name: string;
  cluster: { server: string; "certificate-authority-data"?: string };
}

/** Of these the hop to each side has its own. */
const hopByHop = ["connection", "keep-alive", "transfer-encoding", "host", "expect"];

export class Gate {
  /** Leads through the gate. */
  readonly kubeconfig: string;
  readonly #close: () => Promise<void>;
  #held: { matches(request: Gated): boolean; side: Side; reached(): void } | undefined;

  private constructor(kubeconfig: string, close: () => Promise<void>) {
    this.kubeconfig = kubeconfig;
    this.#close = close;
  }

  /** @param path of a kubeconfig; that of the gate is written beside it */
  static async open(path: string): Promise<Gate> {
    const config = parse(await readFile(path, "utf8")) as { clusters: [Cluster] };
    const [{ name, cluster }] = config.clusters;
    const ca = Buffer.from(cluster["certificate-authority-data"] ?? "", "base64").toString();
    const pool = new Pool(cluster.server, { connect: { ca }, bodyTimeout: 0 });
    const server = createServer((request, response) => {
      gate.#pass(pool, request, response).catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const way = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
    const gated = { ...config, clusters: [{ name, cluster: way }] };
    await writeFile(`${path}-gated`, stringify(gated), { mode: 0o600 });
    const gate = new Gate(`${path}-gated`, async () => {
      server.close();
      server.closeAllConnections();
      await pool.destroy();
    });
    return gate;
  }

  /** From now on, every request that matches. @returns once the first one is held */
  hold(matches: (request: Gated) => boolean, side: Side): Promise<void> {
    return new Promise((reached) => {
      this.#held = { matches, side, reached };
    });
  }

  /** Later requests pass; those that are held stay so until their sender has ended. */
  release(): void {
    this.#held = undefined;
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #pass(pool: Pool, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const held = this.#held?.matches({ method, url }) === true ? this.#held : undefined;
    if (held?.side === "before") {
      held.reached();
      return;
    }
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await pool.request({
      method: method as "GET",
      path: url,
      headers: withoutHops(request.headers),
      body: method === "GET" ? null : request,
      signal: gone.signal,
    });
    if (held !== undefined) {
      await answer.body.dump();
      held.reached();
      return;
    }
    response.writeHead(answer.statusCode, withoutHops(answer.headers));
    response.flushHeaders();
    await pipeline(answer.body, response);
  }
}

function withoutHops(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hopByHop.includes(name) ? [] : [[name, value]],
    ),
  );
}
