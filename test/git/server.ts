/**
 * A real Git server on 127.0.0.1: git's own `http-backend` over a directory of bare
 * repositories, with counters, and with the faults that a remote can have.
 *
 *     await using server = await startGitServer();
 *     const shop = await server.createRepository("shop");
 *     await shop.commit({ "deploy/app.yaml": text });
 *     server.url("shop");                       // http://127.0.0.1:PORT/shop.git
 *     server.behave({ kind: "hang" }, "shop");
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireGit } from "../../setup/system-packages.mjs";
import { Supervisor } from "../cluster/supervisor.ts";
import { serveByBackend } from "./cgi.ts";
import { TestRepository } from "./repository.ts";

export interface GitCredentials {
  readonly user: string;
  readonly password: string;
}

export interface GitServerOptions {
  /** Directory of the bare repositories, kept on stop; default: a temporary one. */
  readonly root?: string;
  /** Basic authentication; without it everybody may fetch and push. */
  readonly credentials?: GitCredentials;
  /** Whether partial clones are served (`uploadpack.allowFilter`); default true. */
  readonly allowFilter?: boolean;
}

/** How the server answers; `serve` is the honest way. */
export type Behaviour =
  | { readonly kind: "serve" }
  /** Takes the request and never answers. */
  | { readonly kind: "hang" }
  | { readonly kind: "status"; readonly status: number; readonly body?: string }
  | { readonly kind: "redirect"; readonly location: string }
  /** Ends the connection after so many bytes of the answer's body. */
  | { readonly kind: "cut"; readonly afterBytes: number };

/** What was asked since the start, or since the last reset. */
export interface GitCounts {
  /** `GET info/refs`, of either service. */
  readonly advertisements: number;
  /** `POST git-upload-pack`: in protocol 2 one for ls-refs and one for each round of a fetch. */
  readonly uploadPacks: number;
  /** `POST git-receive-pack`: a push. */
  readonly receivePacks: number;
  readonly requests: number;
  /** Bytes of the answers' bodies. */
  readonly bytesSent: number;
}

export interface GitServer {
  readonly root: string;
  readonly port: number;
  /** Clone URL of a repository, whether it exists or not; never with credentials in it. */
  url(name: string): string;
  createRepository(name: string): Promise<TestRepository>;
  /** From now on, for one repository or, without a name, for all that have no behaviour of their own. */
  behave(behaviour: Behaviour, name?: string): void;
  /** From now on these are taken, and no others: what was given before is revoked. */
  authorize(credentials: GitCredentials): void;
  /** Of one repository, or of all. */
  counts(name?: string): GitCounts;
  resetCounts(): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Counts = { -readonly [Field in keyof GitCounts]: number };

/** @throws Error with the line that installs git, where it is missing */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  requireGit();
  const { allowFilter = true } = options;
  let { credentials } = options;
  // A supervisor without children: its directory goes with this process, however that ends.
  const temporary =
    options.root === undefined
      ? await Supervisor.begin({ temporaryPrefix: join(tmpdir(), "mooring-git-") })
      : undefined;
  const root = options.root ?? (temporary as Supervisor).directory;
  const behaviours = new Map<string | undefined, Behaviour>();
  const counts = new Map<string, Counts>();

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, name, service] = /^\/(.+?)\.git\/(.+)$/.exec(pathname) ?? [];
    if (name === undefined || service === undefined) {
      return reply(response, 404, "no such repository\n");
    }
    const count = counts.get(name) ?? emptyCounts();
    counts.set(name, count);
    count.requests += 1;
    if (service === "info/refs") count.advertisements += 1;
    if (service === "git-upload-pack") count.uploadPacks += 1;
    if (service === "git-receive-pack") count.receivePacks += 1;

    const behaviour = behaviours.get(name) ?? behaviours.get(undefined) ?? { kind: "serve" };
    switch (behaviour.kind) {
      case "hang":
        return;
      case "status":
        return reply(response, behaviour.status, behaviour.body ?? "refused\n");
      case "redirect":
        response.setHeader("location", behaviour.location);
        return reply(response, 302, "");
      case "serve":
      case "cut":
        break;
    }
    if (credentials !== undefined && !isAuthorized(request, credentials)) {
      return reply(response, 401, "authentication is required\n");
    }
    serveByBackend(request, response, {
      root,
      user: credentials?.user,
      config: {
        "http.receivepack": "true",
        "uploadpack.allowFilter": String(allowFilter),
        "uploadpack.allowAnySHA1InWant": "true",
        "safe.directory": "*",
      },
      ...(behaviour.kind === "cut" ? { cutAfter: behaviour.afterBytes } : {}),
      sent: (bytes) => {
        count.bytesSent += bytes;
      },
    });
  };

  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  const { port } = address;

  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await temporary?.stop();
  };
  return {
    root,
    port,
    url: (name) => `http://127.0.0.1:${port}/${name}.git`,
    createRepository: (name) => TestRepository.create(join(root, `${name}.git`)),
    behave: (behaviour, name) => void behaviours.set(name, behaviour),
    authorize: (next) => {
      credentials = next;
    },
    counts: (name) => {
      const chosen =
        name === undefined ? [...counts.values()] : [counts.get(name) ?? emptyCounts()];
      return chosen.reduce(sum, emptyCounts());
    },
    resetCounts: () => counts.clear(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function emptyCounts(): Counts {
  return { advertisements: 0, uploadPacks: 0, receivePacks: 0, requests: 0, bytesSent: 0 };
}

function sum(left: Counts, right: Counts): Counts {
  return {
    advertisements: left.advertisements + right.advertisements,
    uploadPacks: left.uploadPacks + right.uploadPacks,
    receivePacks: left.receivePacks + right.receivePacks,
    requests: left.requests + right.requests,
    bytesSent: left.bytesSent + right.bytesSent,
  };
}

function isAuthorized(request: IncomingMessage, { user, password }: GitCredentials): boolean {
  const expected = Buffer.from(`${user}:${password}`).toString("base64");
  return request.headers.authorization === `Basic ${expected}`;
}

function reply(response: ServerResponse, status: number, body: string): void {
  if (status === 401) response.setHeader("www-authenticate", 'Basic realm="git"');
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(body);
}
