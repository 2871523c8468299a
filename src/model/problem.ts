/**
 * The error catalogue: every way in which reconciling can go wrong, once.
 *
 * `code` is what conditions, Events and metrics carry as their reason. `retry` says what the
 * reconciler does: `transient` is tried again with back-off; `terminal` is not repeated until
 * the Application, the revision or the cluster's API changed; `blocked` waits for somebody
 * (a permission, an approval, another owner) and is looked at again every half minute.
 */
import { type ObjectRef, refKey } from "./object.ts";

export type Retry = "transient" | "terminal" | "blocked";

export const catalogue = {
  InvalidSpec: { retry: "terminal", advice: "Correct the Application." },
  Unsupported: {
    retry: "terminal",
    advice: "Remove the field, or wait for a version of Mooring that supports it.",
  },
  ServiceAccountMissing: {
    retry: "blocked",
    advice: "Set spec.serviceAccountName to a ServiceAccount of the Application's namespace.",
  },
  SecretMissing: {
    retry: "blocked",
    advice: "Create the Secret named by secretRef in the Application's own namespace.",
  },
  SourceRefused: {
    retry: "terminal",
    advice:
      "Use an https:// (or http://) URL of a Git server; what a render refers to must be in the repository.",
  },
  SourceUnreachable: {
    retry: "transient",
    advice: "Check that the Git server answers from inside the cluster.",
  },
  SourceUnauthorized: {
    retry: "blocked",
    advice: "Check the credentials in the Secret that secretRef names.",
  },
  RevisionNotFound: {
    retry: "blocked",
    advice:
      "Check spec.source.git.ref, or the annotation that names the commit: the remote has no such branch, tag or commit.",
  },
  PathNotFound: {
    retry: "blocked",
    advice:
      "Check spec.source.path and what it refers to; what was just pushed is seen at the next poll (spec.interval).",
  },
  InvalidManifest: {
    retry: "terminal",
    advice: "Correct the file; nothing of this revision was applied or pruned.",
  },
  DuplicateObject: { retry: "terminal", advice: "Keep one of the two definitions." },
  LimitExceeded: {
    retry: "terminal",
    advice: "Split the application, or raise the controller's limit.",
  },
  UnknownKind: {
    retry: "blocked",
    advice:
      "Install the CRD of this kind, or correct apiVersion and kind; the object is applied as soon as the cluster knows it.",
  },
  Forbidden: {
    retry: "blocked",
    advice: "Grant the application's ServiceAccount the verb, or remove the object.",
  },
  ApplyRefused: { retry: "terminal", advice: "Correct the field in Git." },
  ImmutableField: {
    retry: "terminal",
    advice:
      "The field cannot be changed on a live object: rename the object, or delete it by hand so that it is created anew.",
  },
  AdmissionDenied: {
    retry: "blocked",
    advice: "An admission policy of the cluster refused the object; change it or the policy.",
  },
  OwnedByOther: { retry: "blocked", advice: "Remove the object from one of the two owners." },
  FieldFight: {
    retry: "blocked",
    advice:
      "Two writers disagree: stop the other one, or hand the fields over with ignoreDifferences.",
  },
  ApplyConflict: {
    retry: "transient",
    advice: "Somebody wrote the object at the same moment; it is tried again.",
  },
  NamespaceMissing: {
    retry: "blocked",
    advice: "Create the namespace, or set destination.createNamespace: true.",
  },
  NamespaceTerminating: {
    retry: "transient",
    advice: "The namespace is being deleted; the object is created when it is back.",
  },
  ApiUnavailable: {
    retry: "transient",
    advice: "The Kubernetes API did not answer properly; it is tried again.",
  },
  RendererFailed: {
    retry: "transient",
    advice: "It is tried again; when it comes back, report it with the controller's log.",
  },
  DeadlineExceeded: { retry: "transient", advice: "The run took longer than spec.timeout." },
  LiveUnknown: {
    retry: "transient",
    advice:
      "The live state of a kind is not known, so nothing is pruned; check the controller's list and watch permissions.",
  },
  Extraneous: {
    retry: "terminal",
    advice:
      "Delete it yourself, set spec.prune: true in mode enforce, or put it back into the source.",
  },
  PruneWaits: {
    retry: "blocked",
    advice: "Mend the object that could not be applied; the prune follows by itself.",
  },
  PruneHeld: {
    retry: "blocked",
    advice:
      "Put the object back into the source, or approve with the annotation mooring.dev/approve-prune.",
  },
  Fenced: {
    retry: "transient",
    advice: "This replica lost its Lease and stopped writing; the new holder goes on.",
  },
} as const satisfies Record<string, { retry: Retry; advice: string }>;

export type ProblemCode = keyof typeof catalogue;

export interface ProblemContext {
  /** The object that it is about, when it is about one. */
  object?: ObjectRef;
  /** Where in the source: `deploy/web.yaml:12`. */
  origin?: string;
  /** For the log only; may be long, never holds a secret's value. */
  detail?: string;
  /** Seconds that the server asked us to wait. */
  retryAfter?: number;
  cause?: unknown;
}

/** An error of the catalogue. `message` is for the person who reads the condition: what, which object, what to do. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly retry: Retry;
  readonly object: ObjectRef | undefined;
  readonly origin: string | undefined;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, what: string, context: ProblemContext = {}) {
    const subject = context.object === undefined ? "" : `${refKey(context.object)}: `;
    const where = context.origin === undefined ? "" : ` (${context.origin})`;
    super(`${subject}${what}${where}. ${catalogue[code].advice}`, { cause: context.cause });
    this.name = "Problem";
    this.code = code;
    this.retry = catalogue[code].retry;
    this.object = context.object;
    this.origin = context.origin;
    this.detail = context.detail;
    this.retryAfter = context.retryAfter;
  }
}

/** Anything thrown, as a Problem: what is not of the catalogue is a fault of ours or of the API, hence transient. */
export function asProblem(error: unknown, context: ProblemContext = {}): Problem {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Problem("ApiUnavailable", message, { ...context, cause: error });
}
