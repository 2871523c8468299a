/** Runs `git http-backend` for one HTTP request, by the rules of CGI (RFC 3875). */
import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gitEnvironment } from "./git.ts";

export interface BackendCall {
  /** GIT_PROJECT_ROOT */
  readonly root: string;
  /** The authenticated user; git lets nobody else push. */
  readonly user: string | undefined;
  /** Configuration of this call, as `git -c`. */
  readonly config: Readonly<Record<string, string>>;
  /** Ends the connection after that many bytes of the answer's body. */
  readonly cutAfter?: number;
  /** Told about every piece of the answer's body. */
  readonly sent: (bytes: number) => void;
}

export function serveByBackend(
  request: IncomingMessage,
  response: ServerResponse,
  call: BackendCall,
): void {
  const child = spawn("git", ["http-backend"], {
    env: environment(request, call),
    stdio: ["pipe", "pipe", "ignore"],
  });
  // Either side may end first: a client that goes away, a backend that refused the request.
  child.stdin.on("error", () => {});
  child.on("error", () => response.destroy());
  response.on("close", () => child.kill());
  request.pipe(child.stdin);

  let head: Buffer | undefined = Buffer.alloc(0);
  let sent = 0;
  const send = (chunk: Buffer) => {
    const rest = call.cutAfter === undefined ? chunk.length : call.cutAfter - sent;
    const piece = chunk.subarray(0, Math.max(0, rest));
    sent += piece.length;
    call.sent(piece.length);
    if (piece.length > 0 && !response.write(piece)) {
      child.stdout.pause();
      response.once("drain", () => child.stdout.resume());
    }
    if (piece.length < chunk.length) response.destroy();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === undefined) return send(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    writeHead(response, head.subarray(0, end).toString("latin1"));
    const body = head.subarray(end + 4);
    head = undefined;
    if (body.length > 0) send(body);
  });
  child.stdout.on("end", () => {
    if (head !== undefined) response.statusCode = 500;
    response.end();
  });
}

function writeHead(response: ServerResponse, text: string): void {
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
}

function environment(request: IncomingMessage, call: BackendCall): Record<string, string> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const config = Object.entries(call.config);
  const header = (name: string) => String(request.headers[name] ?? "");
  return {
    ...gitEnvironment,
    GIT_PROJECT_ROOT: call.root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROTOCOL: header("git-protocol"),
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header("content-type"),
    // Absent for a chunked body: the backend then reads to its end.
    ...(request.headers["content-length"] === undefined
      ? {}
      : { CONTENT_LENGTH: header("content-length") }),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    REMOTE_ADDR: request.socket.remoteAddress ?? "",
    ...(call.user === undefined ? {} : { REMOTE_USER: call.user }),
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
