/** What the apiserver said, as a Problem of the catalogue: what it is, what to do, when to try again. */
import type { ObjectRef } from "../model/object.ts";
import { Problem, type ProblemCode, type ProblemContext } from "../model/problem.ts";
import { ApiError, conflictManagers, isNotFound, isStale } from "./api-error.ts";
import {
  admissionDenial,
  failedWebhook,
  isEscalation,
  isImmutability,
  rbacDenial,
  typedFault,
  withoutLongValue,
} from "./error-texts.ts";
import type { Identity } from "./transport.ts";

export interface ApiProblemContext {
  object?: ObjectRef;
  /** Where in the source: `deploy/web.yaml:12`. */
  origin?: string;
  /** Whom the request was made as; for a refusal that does not name the user. */
  identity?: Identity;
  /** The request was a write or the dry-run of one; told from its verb when absent. */
  writing?: boolean;
}

/** A Problem passes through unchanged. A Secret's values are in neither message nor detail, see ApiError. */
export function apiProblem(error: unknown, context: ApiProblemContext = {}): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof ApiError)) return localProblem(error, context);
  const [code, what] = judge(error, context);
  return new Problem(code, what, {
    ...placeOf(context),
    detail: `${error.verb} ${error.path}: ${error.status} ${error.reason}: ${error.message}`.slice(
      0,
      4096,
    ),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    cause: error,
  });
}

function placeOf({ object, origin }: ApiProblemContext): ProblemContext {
  return {
    ...(object === undefined ? {} : { object }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Not an answer of the apiserver: an abort, or a fault of ours. */
function localProblem(error: unknown, context: ApiProblemContext): Problem {
  const late = error instanceof Error && error.name === "TimeoutError";
  const what = error instanceof Error ? error.message : String(error);
  return new Problem(late ? "DeadlineExceeded" : "ApiUnavailable", what, {
    ...placeOf(context),
    cause: error,
  });
}

type Judgement = [ProblemCode, string];

function judge(error: ApiError, context: ApiProblemContext): Judgement {
  const { status, message } = error;
  const denial = admissionDenial(message);
  if (denial !== undefined && status >= 400)
    return ["AdmissionDenied", `${denial.by} denied it: ${brief(denial.why)}`];
  switch (status) {
    case 0:
      return ["ApiUnavailable", message];
    case 401:
      return ["ApiUnavailable", "the apiserver does not accept Mooring's credentials"];
    case 403:
      return forbidden(error, context);
    case 404:
      return absent(error);
    case 409:
      return conflict(error);
    case 429:
      return ["ApiUnavailable", "the apiserver is busy (429)"];
    default:
      break;
  }
  if (status >= 500) return failed(error);
  return refused(error, context);
}

function forbidden(error: ApiError, { identity }: ApiProblemContext): Judgement {
  const { message, causes } = error;
  if (causes.some((cause) => cause.reason === "NamespaceTerminating"))
    return ["NamespaceTerminating", `namespace ${error.subject.namespace ?? ""} is being deleted`];
  const rbac = rbacDenial(message);
  // `impersonate` on serviceaccounts, or (KEP-5284) `impersonate-on:serviceaccount:patch` on the resource.
  if (rbac?.verb.startsWith("impersonate")) {
    const whom = identity === undefined ? "the ServiceAccount" : personOf(identity.user);
    return ["Forbidden", `Mooring itself, ${personOf(rbac.user)}, may not impersonate ${whom}`];
  }
  if (rbac !== undefined) {
    const where =
      rbac.namespace === undefined ? "in the whole cluster" : `in namespace ${rbac.namespace}`;
    return ["Forbidden", `${personOf(rbac.user)} may not ${rbac.verb} ${rbac.resource} ${where}`];
  }
  if (isEscalation(message)) {
    const who = identity === undefined ? "the writer" : personOf(identity.user);
    return ["Forbidden", `${who} may not grant permissions that it does not hold itself`];
  }
  // Quotas, Pod Security, and every other plugin inside the apiserver.
  const why = /is forbidden: ([\s\S]*)$/.exec(message)?.[1] ?? message;
  return ["AdmissionDenied", brief(why)];
}

function personOf(user: string): string {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return name === undefined ? `user ${user}` : `ServiceAccount ${namespace}/${name}`;
}

function absent(error: ApiError): Judgement {
  if (isNotFound(error)) return ["ApplyConflict", "it is gone"];
  const { details, subject } = error;
  if (details?.kind === "namespaces" && details.name === subject.namespace)
    return ["NamespaceMissing", `namespace ${subject.namespace} does not exist`];
  if (details?.name === undefined || details.name === "")
    return ["UnknownKind", "the cluster does not know this kind"];
  return ["ApiUnavailable", brief(error.message)];
}

function conflict(error: ApiError): Judgement {
  const conflicts = conflictManagers(error);
  if (conflicts.length === 0) return ["ApplyConflict", "it changed, came or went meanwhile"];
  const fields = new Map<string, string[]>();
  for (const { manager, field } of conflicts)
    fields.set(manager, [...(fields.get(manager) ?? []), field]);
  const owners = [...fields].map(([manager, paths]) => `${manager} owns ${some(paths)}`);
  return ["OwnedByOther", `field manager ${owners.join("; field manager ")}`];
}

function failed(error: ApiError): Judgement {
  const fault = typedFault(error.message);
  if (fault !== undefined) {
    const field = fault.field === undefined ? "" : `${fault.field}: `;
    const cure = fault.cure === undefined ? "" : `; ${fault.cure}`;
    return ["ApplyRefused", `${field}${fault.fault}${cure}`];
  }
  const webhook = failedWebhook(error.message);
  if (webhook !== undefined)
    return ["ApiUnavailable", `admission webhook ${webhook} does not answer, and must be asked`];
  return ["ApiUnavailable", `the apiserver answered ${error.status}: ${brief(error.message)}`];
}

/** What is left: 400, 405, 413, 415, 422 and the like. */
function refused(error: ApiError, { writing }: ApiProblemContext): Judgement {
  if (isStale(error)) return ["ApplyConflict", "it was deleted and created anew meanwhile"];
  const reads = error.verb === "get" || error.verb === "list" || error.verb === "watch";
  if (!(writing ?? !reads))
    return ["ApiUnavailable", `the apiserver answered ${error.status}: ${brief(error.message)}`];
  const causes = error.causes.filter((cause) => cause.message !== undefined);
  const immutable = causes.filter((cause) => isImmutability(cause.message ?? ""));
  const first = immutable[0];
  if (first !== undefined)
    return ["ImmutableField", `${first.field ?? ""}: ${withoutLongValue(first.message ?? "")}`];
  if (causes.length === 0) return ["ApplyRefused", brief(error.message)];
  return [
    "ApplyRefused",
    some(causes.map((c) => `${c.field ?? ""}: ${withoutLongValue(c.message ?? "")}`)),
  ];
}

function some(parts: readonly string[]): string {
  const shown = parts.slice(0, 5).join(", ");
  return parts.length > 5 ? `${shown} and ${parts.length - 5} more` : shown;
}

/** One line, at most 512 characters, without the full stop that Problem adds. */
function brief(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > 512 ? `${line.slice(0, 512)}...` : line;
}
