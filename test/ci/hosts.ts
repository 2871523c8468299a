/**
 * What GitHub and GitLab answer where comments are read and written, as their documentation has it:
 * https://docs.github.com/en/rest/issues/comments, https://docs.gitlab.com/api/notes.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface HostComment {
  id: number;
  body: string;
  author: string;
}

export interface Host {
  /** Without a slash at its end. */
  readonly url: string;
  /** Of the one pull or merge request that there is, the oldest first. */
  readonly comments: HostComment[];
  /** `METHOD path` of each request so far. */
  readonly requests: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export const repository = "acme/shop";
export const project = "42";
export const request = 7;
export const token = "host-token-sentinel";
/** Whose token it is. */
export const robot = { github: "github-actions[bot]", gitlab: "project_42_bot" };

const longest = { github: 65_536, gitlab: 1_000_000 };

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: string;
}

/** @returns a server whose token is {@link token} */
export async function startHost(kind: "github" | "gitlab"): Promise<Host> {
  const comments: HostComment[] = [];
  const requests: string[] = [];
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", headers } = incoming;
    const url = new URL(incoming.url ?? "/", "http://host");
    requests.push(`${method} ${url.pathname}${url.search}`);
    const given = kind === "github" ? headers.authorization : headers["private-token"];
    const sent = await text(incoming);
    if (given !== (kind === "github" ? `Bearer ${token}` : token))
      return reply(response, 401, { message: "401 Unauthorized" });
    // GitHub refuses requests without it.
    if (headers["user-agent"] === undefined) return reply(response, 403, { message: "no agent" });
    const body = sent === "" ? "" : String((JSON.parse(sent) as { body: unknown }).body);
    if (body.length > longest[kind])
      return reply(response, 422, { message: `body is too long (maximum is ${longest[kind]})` });
    const asked = { method, path: url.pathname, query: url.searchParams, body };
    const [status, content] = (kind === "github" ? github : gitlab)(asked, comments);
    reply(response, status, content);
  };
  const server = createServer((incoming, response) => void answer(incoming, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    comments,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Answer = readonly [status: number, content: unknown];
const notFound: Answer = [404, { message: "Not Found" }];

function github({ method, path, query, body }: Asked, comments: HostComment[]): Answer {
  const show = ({ id, body, author }: HostComment) => ({
    id,
    body,
    user: { login: author, type: author.endsWith("[bot]") ? "Bot" : "User" },
  });
  if (path === `/repos/${repository}/issues/${request}/comments`) {
    if (method === "GET") return [200, pageOf(comments, query).map(show)];
    if (method === "POST") return [201, show(added(comments, body, robot.github))];
  }
  const [, id] = /^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/.exec(path) ?? [];
  return method === "PATCH" ? changed(comments, Number(id), body, show) : notFound;
}

function gitlab({ method, path, query, body }: Asked, comments: HostComment[]): Answer {
  const idOf = (name: string) => [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const show = ({ id, body, author }: HostComment) => ({
    id,
    body,
    author: { id: idOf(author), username: author },
    system: false,
  });
  const notes = `/projects/${project}/merge_requests/${request}/notes`;
  if (path === "/user" && method === "GET")
    return [200, { id: idOf(robot.gitlab), username: robot.gitlab }];
  // The newest first, unless asked otherwise.
  if (path === notes && method === "GET")
    return [200, pageOf([...comments].reverse(), query).map(show)];
  if (path === notes && method === "POST") return [201, show(added(comments, body, robot.gitlab))];
  const id = path.startsWith(`${notes}/`) ? Number(path.slice(notes.length + 1)) : Number.NaN;
  return method === "PUT" ? changed(comments, id, body, show) : notFound;
}

function pageOf(comments: readonly HostComment[], query: URLSearchParams): HostComment[] {
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const page = Number(query.get("page") ?? 1);
  return comments.slice((page - 1) * size, page * size);
}

function added(comments: HostComment[], body: string, author: string): HostComment {
  const comment = { id: 1000 + comments.length, body, author };
  comments.push(comment);
  return comment;
}

function changed(
  comments: readonly HostComment[],
  id: number,
  body: string,
  show: (comment: HostComment) => unknown,
): Answer {
  const comment = comments.find((one) => one.id === id);
  if (comment === undefined) return notFound;
  comment.body = body;
  return [200, show(comment)];
}

function reply(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(content));
}
