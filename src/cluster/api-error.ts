/** What the apiserver said no with, as data. */
import type { Status, StatusCause, StatusDetails } from "./api-status.ts";
import { admissionDenial, conflictingManager } from "./error-texts.ts";
import type { RequestSubject } from "./request-path.ts";
import { withoutSecretValues } from "./secret-redaction.ts";

export interface ApiErrorContext {
  subject: RequestSubject;
  path: string;
  /** Seconds, from the Retry-After header. */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/**
 * An answer that is not 2xx, or no answer at all.
 *
 * `reason` is the apiserver's (`NotFound`, `Conflict`, ...) or ours: `Unreachable` (no complete
 * answer: a write may or may not have happened), `Timeout` (the same, after the request's
 * deadline), `ResponseTooLarge`, `InvalidResponse`, and empty where the apiserver gave none.
 *
 * An error about a Secret never holds what the apiserver quoted of it, here or in `causes`:
 * whoever logs one of these does no harm.
 */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly details: StatusDetails | undefined;
  /** Seconds that the server asked us to wait. */
  readonly retryAfter?: number;
  readonly verb: string;
  /** Without the query. */
  readonly path: string;
  readonly subject: RequestSubject;

  constructor(code: number, given: Status, context: ApiErrorContext) {
    const { subject } = context;
    const secret = subject.group === "" && subject.resource.split("/")[0] === "secrets";
    const status = secret ? withoutSecretValues(given) : given;
    super(status.message ?? `HTTP ${code}`, secret ? {} : { cause: context.cause });
    this.name = "ApiError";
    this.status = code;
    this.reason = status.reason ?? "";
    this.causes = status.details?.causes ?? [];
    this.details = status.details;
    this.verb = subject.verb;
    this.path = context.path;
    this.subject = subject;
    const wait = context.retryAfter ?? status.details?.retryAfterSeconds;
    if (wait !== undefined) this.retryAfter = wait;
  }
}

/**
 * A proven absence of the object that was asked for (invariant 3): not of its namespace, not of
 * its kind, not a 404 of something in between.
 */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status !== 404 || error.reason !== "NotFound")
    return false;
  const { name, resource } = error.subject;
  return (
    name !== undefined &&
    error.details?.name === name &&
    error.details.kind === resource.split("/")[0]
  );
}

/**
 * A precondition did not hold: another resourceVersion, another uid, already there, or gone. Whoever
 * wrote should read again. Not a conflict of field managers, a webhook that denies with 409, or the
 * conflict of another object (a quota that was counted at the same moment).
 */
export function isStale(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.status === 409) {
    if (admissionDenial(error.message) !== undefined || conflictManagers(error).length > 0)
      return false;
    const { name } = error.subject;
    if (name === undefined) return error.reason === "AlreadyExists";
    return error.details?.name === undefined || error.details.name === name;
  }
  // Server-side apply onto an object of another uid is refused as an invalid change of metadata.uid.
  return error.status === 422 && error.causes.some((cause) => cause.field === "metadata.uid");
}

export interface FieldConflict {
  manager: string;
  /** As the apiserver writes paths: `.spec.replicas`. */
  field: string;
}

/** The fields that other managers own, of a refused server-side apply; empty for every other error. */
export function conflictManagers(error: unknown): FieldConflict[] {
  if (!(error instanceof ApiError) || error.status !== 409) return [];
  const conflicts: FieldConflict[] = [];
  for (const { reason, message = "", field = "" } of error.causes) {
    if (reason !== "FieldManagerConflict") continue;
    conflicts.push({ manager: conflictingManager(message), field });
  }
  return conflicts;
}
