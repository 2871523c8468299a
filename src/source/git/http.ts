/** HTTP to Git servers: isomorphic-git's http plugin over undici, with bounds. */
import type { HttpClient } from "isomorphic-git";
import { Agent, type Dispatcher, request } from "undici";
import { Problem } from "../../model/problem.ts";
import { display } from "./address.ts";
import { httpProblem, transportProblem } from "./problems.ts";

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 3;

export interface ExchangeOptions {
  caCertificate?: string | undefined;
  signal: AbortSignal;
  /** Deadline of each request, body included, in milliseconds. */
  timeoutMs: number;
  /** Longest body that is read. */
  maxBytes: number;
}

/**
 * Connections to Git servers. No proxy is taken from the environment, no redirect leaves the
 * host, no body is read past its bound, and an answer that was cut off is an error, never a
 * shorter answer: a list of refs that ends early would read as "the branch is gone".
 */
export class GitHttp {
  readonly #agents = new Map<string, Agent>();
  /** Where a host told us that a repository is: asked URL -> told URL. */
  readonly #moved = new Map<string, string>();

  /** An http plugin for one operation of isomorphic-git. Throws Problems. */
  client(o: ExchangeOptions): HttpClient {
    return {
      request: async ({ url, method = "GET", headers = {}, body }) => {
        const payload = body === undefined ? undefined : await collect(body);
        const asked = this.#relocate(new URL(url));
        const answer = await this.#exchange(asked, { method, headers, payload }, o);
        return {
          url: answer.url.href,
          method,
          statusCode: 200,
          statusMessage: "OK",
          headers: answer.headers,
          // biome-ignore lint/suspicious/noExplicitAny: the plugin's types want an iterator, its code takes any iterable
          body: [answer.body] as any,
        };
      },
    };
  }

  /** Where the repository's host says that it is; the URL itself when it did not say. */
  located(url: string): string {
    const base = url.replace(/\/+$/, "");
    return this.#moved.get(base) ?? url;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #exchange(
    url: URL,
    message: { method: string; headers: Record<string, string>; payload: Buffer | undefined },
    o: ExchangeOptions,
    hops = 0,
  ): Promise<{ url: URL; headers: Record<string, string>; body: Buffer }> {
    const deadline = AbortSignal.timeout(o.timeoutMs);
    try {
      const response = await request(url, {
        dispatcher: this.#agent(o.caCertificate),
        method: message.method as Dispatcher.HttpMethod,
        headers: message.headers,
        body: message.payload ?? null,
        signal: AbortSignal.any([o.signal, deadline]),
        headersTimeout: o.timeoutMs,
        bodyTimeout: o.timeoutMs,
      });
      const headers = flat(response.headers);
      if (redirects.has(response.statusCode)) {
        await response.body.dump({ limit: 16_384 });
        const next = this.#follow(url, headers.location, hops);
        return await this.#exchange(next, message, o, hops + 1);
      }
      if (response.statusCode !== 200) {
        await response.body.dump({ limit: 16_384 });
        throw httpProblem(response.statusCode, display(repository(url)), headers["retry-after"]);
      }
      const body = await bounded(response.body, o.maxBytes, url);
      if (headers["content-type"]?.startsWith("application/x-git-")) checkEnd(body, url);
      return { url, headers, body };
    } catch (error) {
      o.signal.throwIfAborted();
      throw transportProblem(error, {
        where: url.host,
        timedOut: deadline.aborted ? o.timeoutMs : undefined,
      });
    }
  }

  /** @throws Problem SourceRefused unless the target is on the same host, and not less protected. */
  #follow(from: URL, location: string | undefined, hops: number): URL {
    const to = location === undefined ? null : URL.parse(location, from.href);
    const upgrade = from.protocol === "http:" && to?.protocol === "https:";
    const sameHost =
      to !== null && (to.host === from.host || (upgrade && to.hostname === from.hostname));
    const sameScheme = to !== null && (to.protocol === from.protocol || upgrade);
    if (to === null || !sameHost || !sameScheme || to.username !== "" || to.password !== "") {
      throw new Problem(
        "SourceRefused",
        `${display(repository(from))} redirects to ${to === null ? "nowhere" : display(repository(to))}: a redirect to another host is not followed, use that URL if it is the right one`,
      );
    }
    if (hops >= maxRedirects) {
      throw new Problem("SourceRefused", `${from.host} redirects again and again`);
    }
    const asked = base(from);
    const told = base(to);
    if (asked !== undefined && told !== undefined) this.#moved.set(asked, told);
    return to;
  }

  #relocate(url: URL): URL {
    const asked = base(url);
    let told = asked;
    for (let hop = 0; told !== undefined && hop <= maxRedirects; hop++) {
      const next = this.#moved.get(told);
      if (next === undefined) break;
      told = next;
    }
    if (asked === undefined || told === undefined || told === asked) return url;
    return new URL(told + url.href.slice(asked.length));
  }

  #agent(caCertificate: string | undefined): Agent {
    const key = caCertificate ?? "";
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = new Agent({
        connect: { timeout: 10_000, ...(caCertificate === undefined ? {} : { ca: caCertificate }) },
      });
      this.#agents.set(key, agent);
    }
    return agent;
  }
}

/** `https://host/team/shop.git/info/refs?service=...` -> `https://host/team/shop.git`. */
function base(url: URL): string | undefined {
  return /^(.*?)\/(info\/refs(\?.*)?|git-upload-pack)$/.exec(url.href)?.[1];
}

function repository(url: URL): URL {
  return new URL(base(url) ?? url.href);
}

/**
 * Every answer of the smart protocol ends with a flush packet, or with an ERR packet.
 * @throws Problem RevisionNotFound, SourceUnreachable
 */
function checkEnd(body: Buffer, url: URL): void {
  const end = body.subarray(-400).toString("latin1");
  if (end.endsWith("0000")) return;
  const refusal = /[0-9a-f]{4}ERR ([\x20-\x7e]{1,300})\n?$/.exec(end)?.[1];
  if (refusal === undefined) {
    throw new Problem("SourceUnreachable", `the answer of ${url.host} was cut off`);
  }
  if (/not our ref|unadvertised object/.test(refusal)) {
    throw new Problem(
      "RevisionNotFound",
      `${display(repository(url))} does not have (any more) the commit ${/[0-9a-f]{40,64}/.exec(refusal)?.[0] ?? "that was asked for"}`,
    );
  }
  throw new Problem("SourceUnreachable", `${display(repository(url))} refuses: ${refusal}`);
}

async function bounded(body: AsyncIterable<Buffer>, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new Problem("LimitExceeded", `${url.host} sends more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return result;
}
