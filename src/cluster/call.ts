/** One request made ready for the wire, and its answer understood. */
import { parseExact } from "../model/exact-json.ts";
import { ApiError } from "./api-error.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Status } from "./api-status.ts";
import type { Connection } from "./connection.ts";
import type { Answer, NoAnswer } from "./exchange.ts";
import { type RequestSubject, subjectOf } from "./request-path.ts";

/** A request, made ready once for all its tries. */
export interface Call {
  request: ApiRequest;
  subject: RequestSubject;
  origin: string;
  /** Path and query as they go on the wire. */
  url: string;
  body: string | undefined;
  /** It may change something, so it is fenced and never blindly repeated. */
  write: boolean;
}

export function prepare(server: string, request: ApiRequest): Call {
  const { origin, pathname } = new URL(server);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(name, value);
  const search = query.size === 0 ? "" : `?${query}`;
  const { body } = request;
  return {
    request,
    subject: subjectOf(request.method, request.path, {
      watch: request.query?.watch === "true",
      apply: request.contentType?.startsWith("application/apply-patch") === true,
    }),
    origin,
    url: `${pathname.replace(/\/$/, "")}${request.path}${search}`,
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    write: request.method !== "GET" && request.query?.dryRun !== "All",
  };
}

export async function headersOf(
  connection: Connection,
  request: ApiRequest,
): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {
    accept: request.accept ?? "application/json",
    "user-agent": "mooring",
    ...(await connection.headers()),
  };
  if (request.body !== undefined)
    headers["content-type"] = request.contentType ?? "application/json";
  if (request.as !== undefined) {
    headers["impersonate-user"] = request.as.user;
    if (request.as.groups.length > 0) headers["impersonate-group"] = [...request.as.groups];
  }
  return headers;
}

export function decode<T>(call: Call, answer: Answer): T {
  try {
    return parseExact(answer.body.toString()) as T;
  } catch {
    // Without the parser's own words: they quote the text, which may be a Secret.
    throw errorOf(call, answer.status, {
      reason: "InvalidResponse",
      message: `the answer of ${answer.body.length} bytes is not JSON`,
    });
  }
}

export function refusalOf(call: Call, answer: Answer): ApiError {
  const text = answer.body.toString();
  let status: Status = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === "object" && (parsed as Status).kind === "Status")
      status = parsed as Status;
  } catch {
    // Not from the apiserver's own handlers: `404 page not found`, or a proxy's page.
  }
  const message = status.message ?? (text.slice(0, 512).trim() || `HTTP ${answer.status}`);
  return errorOf(call, answer.status, { ...status, message }, retryAfterOf(answer));
}

export function noAnswer(call: Call, error: NoAnswer): ApiError {
  const reasons = {
    connection: "Unreachable",
    timeout: "Timeout",
    "too-large": "ResponseTooLarge",
  } as const;
  const outcome = call.write && error.sent ? "; whether the write happened is not known" : "";
  return errorOf(call, 0, {
    reason: reasons[error.why],
    message: `${call.origin} gave no answer: ${error.message}${outcome}`,
  });
}

function errorOf(call: Call, code: number, status: Status, retryAfter?: number): ApiError {
  return new ApiError(code, status, { subject: call.subject, path: call.request.path, retryAfter });
}

/** Only seconds: the apiserver never sends a date. */
function retryAfterOf(answer: Answer): number | undefined {
  const seconds = Number(answer.headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
