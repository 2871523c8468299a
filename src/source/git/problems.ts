/**
 * What transports say, as Problems. The one place of this room that matches other people's
 * error texts and codes.
 */
import { Problem } from "../../model/problem.ts";

/** @param where how messages name the repository */
export function httpProblem(status: number, where: string, retryAfter?: string): Problem {
  if (status === 401) {
    return new Problem(
      "SourceUnauthorized",
      `${where} asks for credentials, or refused ours (401)`,
    );
  }
  if (status === 403) {
    return new Problem(
      "SourceUnauthorized",
      `${where} may not be read with these credentials (403)`,
    );
  }
  if (status === 404 || status === 410) {
    return new Problem(
      "SourceUnreachable",
      `the server says that there is no repository ${where}, or that these credentials may not see it (${status})`,
    );
  }
  const seconds = Number(retryAfter);
  return new Problem("SourceUnreachable", `${where} answered ${status}`, {
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds } : {}),
  });
}

const codes: Record<string, string> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "cut the connection off",
  EPIPE: "cut the connection off",
  UND_ERR_SOCKET: "cut the connection off",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "cut the answer off",
  ENOTFOUND: "cannot be found by name (DNS)",
  EAI_AGAIN: "cannot be found by name (DNS does not answer)",
  EHOSTUNREACH: "cannot be reached (no route)",
  ENETUNREACH: "cannot be reached (no route)",
  ETIMEDOUT: "does not answer",
  UND_ERR_CONNECT_TIMEOUT: "does not answer",
  UND_ERR_HEADERS_TIMEOUT: "does not answer",
  UND_ERR_BODY_TIMEOUT: "stopped in the middle of its answer",
};

/** What undici or isomorphic-git threw. */
export function transportProblem(
  error: unknown,
  o: { where: string; timedOut: number | undefined },
): Problem {
  if (error instanceof Problem) return error;
  if (o.timedOut !== undefined) {
    return new Problem(
      "SourceUnreachable",
      `${o.where} did not answer within ${o.timedOut / 1000} s`,
      { cause: error },
    );
  }
  const code = errorCode(error);
  if (code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/.test(code)) {
    return new Problem(
      "SourceUnreachable",
      `the certificate of ${o.where} is not trusted (${code}): put its authority into ca.crt of the Secret`,
      { cause: error },
    );
  }
  const what = code === undefined ? undefined : codes[code];
  const message = error instanceof Error ? error.message : String(error);
  return new Problem(
    "SourceUnreachable",
    what === undefined
      ? `${o.where} does not answer as a Git server: ${code ?? "unexpected answer"}`
      : `${o.where} ${what}`,
    { cause: error, detail: message.slice(0, 500) },
  );
}

function errorCode(error: unknown): string | undefined {
  for (let e = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if (e instanceof AggregateError) {
      const inner: string | undefined = errorCode(e.errors[0]);
      if (inner !== undefined) return inner;
    }
    if ("code" in e && typeof e.code === "string") return e.code;
  }
  return undefined;
}

/**
 * What the `git` command said on its way out.
 * @param o.where how messages name the repository
 * @param o.commit the commit that was asked for, if one was
 */
export function gitProblem(stderr: string, o: { where: string; commit?: string }): Problem {
  const detail = stderr.slice(-2000);
  const say = (code: "SourceUnreachable" | "RevisionNotFound" | "SourceRefused", what: string) =>
    new Problem(code, what, { detail });
  const status = /The requested URL returned error: (\d{3})/.exec(stderr)?.[1];
  if (status !== undefined) {
    const number = Number(status);
    if (number >= 300 && number < 400) {
      return say(
        "SourceRefused",
        `${o.where} redirects elsewhere (${status}): use the URL that it redirects to`,
      );
    }
    return httpProblem(number, o.where);
  }
  if (/could not read (Username|Password)|Authentication failed/.test(stderr)) {
    return httpProblem(401, o.where);
  }
  if (/repository '.*' not found/.test(stderr)) return httpProblem(404, o.where);
  if (/not our ref|unadvertised object|couldn't find remote ref|no such remote ref/i.test(stderr)) {
    return say(
      "RevisionNotFound",
      `${o.where} has no commit ${o.commit ?? "of that id"}${o.commit === undefined ? "" : " (any more)"}`,
    );
  }
  if (/transport '.*' not allowed/.test(stderr)) {
    return say("SourceRefused", "only http:// and https:// are allowed");
  }
  if (/unable to update url base from redirection|redirect/i.test(stderr)) {
    return say("SourceRefused", `${o.where} redirects to another place: use that URL`);
  }
  if (/SSL certificate|certificate verif|server verification failed/i.test(stderr)) {
    return say(
      "SourceUnreachable",
      `the certificate of ${o.where} is not trusted: put its authority into ca.crt of the Secret`,
    );
  }
  if (/Connection refused|Failed to connect/i.test(stderr)) {
    return say("SourceUnreachable", `${o.where} refused the connection`);
  }
  if (/Could not resolve host/i.test(stderr)) {
    return say("SourceUnreachable", `${o.where} cannot be found by name (DNS)`);
  }
  if (/No space left on device/i.test(stderr)) {
    return say("SourceUnreachable", "the controller's disk for Git data is full");
  }
  if (
    /early EOF|unexpected disconnect|hung up|invalid index-pack|RPC failed|too slow|transfer closed|pack corrupt/i.test(
      stderr,
    )
  ) {
    return say("SourceUnreachable", `${o.where} cut the answer off`);
  }
  return say("SourceUnreachable", `${o.where} does not answer as a Git server`);
}
