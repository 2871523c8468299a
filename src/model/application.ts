/**
 * The Application: what an application team writes, and what Mooring answers.
 * The CRD is generated from these schemas (dialect/mooring/crd.ts), so every bound and
 * description here is also what `kubectl explain` and the apiserver say.
 */
import { z } from "zod";
import { conditionTypes } from "./condition.ts";
import { healthStates } from "./health.ts";
import type { ResourceKind } from "./object.ts";
import { directoryOptions, helmOptions, kustomizeOptions } from "./render-options.ts";

export const group = "mooring.dev";
export const version = "v1alpha1";
export const kind = "Application";
export const plural = "applications";

/** Known without asking the cluster: the only version there is. */
export const applicationResource: ResourceKind = {
  group,
  version,
  kind,
  resource: plural,
  namespaced: true,
  verbs: ["get", "list", "watch", "patch"],
};

/** Annotations and labels that people and Mooring write. */
export const annotations = {
  /** Any new value: look at the source now. Answered in status.lastHandledRefresh. */
  refresh: "mooring.dev/refresh",
  /** The hash of a held prune: go on with exactly that one. */
  approvePrune: "mooring.dev/approve-prune",
  /** The full id of a commit: deploy it instead of what the ref says. Removed when it ends. */
  rollbackTo: "mooring.dev/rollback-to",
  /** The full id of the commit that is skipped; without it, the one that the ref is at. */
  rollbackSkip: "mooring.dev/rollback-skip",
  /** RFC 3339: when the rollback ends at the latest. */
  rollbackUntil: "mooring.dev/rollback-until",
  /** Why it is suspended, for people: written by `mooring suspend --reason`. */
  suspendReason: "mooring.dev/suspend-reason",
  /** On a desired object, `true`: take it over from another GitOps owner. */
  adopt: "mooring.dev/adopt",
  /** On a live object: the hash of the desired object last applied. */
  appliedHash: "mooring.dev/applied-hash",
} as const;

/** Holds a deleted Application until its objects are gone or orphaned. */
export const finalizer = "mooring.dev/deletion-policy";

const duration = z
  .string()
  .regex(/^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+$/)
  .max(32);
const namespaceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
  .max(63);
const objectName = z.string().min(1).max(253);
const dns1123 = objectName.regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

const gitRef = z
  .object({
    branch: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^-\s][^\s]*$/)
      .optional()
      .describe("Follow this branch."),
    tag: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^-\s][^\s]*$/)
      .optional()
      .describe("Follow this tag, should it move."),
    commit: z
      .string()
      .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
      .optional()
      .describe("Stay at this commit: its full id."),
    name: z
      .string()
      .min(1)
      .max(512)
      .regex(/^refs\/[^\s]+$/)
      .optional()
      .describe("Follow this full ref name, e.g. refs/pull/420/head."),
  })
  .describe(
    "Which revision to follow: exactly one of branch, tag, commit, name. Without it, the remote's HEAD.",
  );

const gitSource = z
  .object({
    url: z
      .string()
      .min(1)
      .max(2048)
      .describe(
        "URL of the repository, https:// or http://. Credentials belong into secretRef, not here.",
      ),
    ref: gitRef.optional(),
    secretRef: z
      .object({ name: dns1123.describe("Name of the Secret.") })
      .optional()
      .describe(
        "Secret in the Application's own namespace with `username` and `password`, or `bearerToken`; optionally `ca.crt`.",
      ),
  })
  .describe("A Git repository.");

const source = z
  .object({
    git: gitSource,
    path: z
      .string()
      .max(1024)
      .default("")
      .describe("Directory of the manifests inside the repository; the root when empty."),
    helm: helmOptions.optional(),
    kustomize: kustomizeOptions.optional(),
    directory: directoryOptions.optional(),
  })
  .describe(
    "Where the desired state comes from. How it is rendered is found by itself (kustomization.yaml, Chart.yaml, else plain manifests) unless one of helm, kustomize, directory says it.",
  );

const destination = z
  .object({
    namespace: namespaceName
      .optional()
      .describe("Namespace of objects that name none. Without it, the Application's own."),
    createNamespace: z
      .boolean()
      .default(false)
      .describe("Create the namespace where it is missing. It is never pruned."),
  })
  .describe("Where the objects go.");

const ignoreDifference = z
  .object({
    group: z
      .string()
      .max(253)
      .optional()
      .describe("API group; absent means the core group, `*` any."),
    kind: z.string().min(1).max(63).describe("Kind; `*` any."),
    name: objectName.optional().describe("Name; absent means all."),
    namespace: namespaceName.optional().describe("Namespace; absent means all."),
    jsonPointers: z
      .array(z.string().min(1).max(1024).regex(/^\//))
      .max(64)
      .optional()
      .describe("Fields as JSON pointers (RFC 6901)."),
    jqPathExpressions: z
      .array(z.string().min(1).max(1024))
      .max(64)
      .optional()
      .describe("Fields as jq path expressions."),
    managedFieldsManagers: z
      .array(z.string().min(1).max(128))
      .max(64)
      .optional()
      .describe("All fields that these managers own."),
  })
  .describe("Fields that others may change; Mooring hands them over and never writes them again.");

const retry = z
  .object({
    limit: z
      .int()
      .min(-1)
      .max(1000)
      .default(-1)
      .describe(
        "How many times a failed run is tried again before it waits for a change; -1 means for ever.",
      ),
    backoff: z
      .object({
        duration: duration.default("2s").describe("First pause."),
        factor: z.int().min(1).max(10).default(2).describe("Growth of the pause."),
        maxDuration: duration.default("3m").describe("Longest pause."),
      })
      .prefault({})
      .describe("Pauses between tries."),
  })
  .describe("What happens after a transient failure.");

export const applicationSpec = z
  .object({
    project: z
      .string()
      .min(1)
      .max(253)
      .default("default")
      .describe("Project. Only `default` is supported."),
    serviceAccountName: dns1123
      .optional()
      .describe(
        "ServiceAccount in the Application's namespace; every request for this application is made as it.",
      ),
    source,
    destination: destination.prefault({}),
    interval: duration
      .default("20s")
      .describe("How often the repository is asked for a new revision; at least 5s."),
    timeout: duration.default("5m").describe("Longest duration of one run."),
    mode: z
      .enum(["observe", "warn", "enforce"])
      .default("warn")
      .describe("observe: compare, write nothing. warn: also Events and alerts. enforce: apply."),
    prune: z.boolean().default(false).describe("Delete objects that were removed from the source."),
    selfHeal: z
      .boolean()
      .default(false)
      .describe("Undo drift at once. Otherwise it is reported, and undone by the next revision."),
    suspend: z.boolean().default(false).describe("Do nothing until this is false again."),
    deletionPolicy: z
      .enum(["delete", "orphan"])
      .default("delete")
      .describe("What becomes of the objects when the Application is deleted."),
    historyLimit: z
      .int()
      .min(0)
      .max(50)
      .default(10)
      .describe("How many past revisions status.history keeps."),
    ignoreDifferences: z
      .array(ignoreDifference)
      .max(64)
      .default([])
      .describe("Fields that others may change."),
    retry: retry.prefault({}),
    owner: z
      .string()
      .max(253)
      .optional()
      .describe("Who is paged, e.g. a team's name; a label of metrics and Events."),
    runbook: z.string().max(2048).optional().describe("What they should read: a URL."),
  })
  .describe("What the application wants.");

export type ApplicationSpec = z.output<typeof applicationSpec>;
export type IgnoreDifference = z.output<typeof ignoreDifference>;
export type GitSource = z.output<typeof gitSource>;
export type GitRef = z.output<typeof gitRef>;
export type Source = z.output<typeof source>;
export type Mode = ApplicationSpec["mode"];

const time = z.iso.datetime({ offset: true });
const objectFields = {
  group: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
};

const commitStatus = z
  .object({
    id: z.string(),
    author: z.string().describe("Name of the commit's author."),
    message: z.string().describe("First line of the message."),
    time: time.describe("When it was committed."),
  })
  .describe("The commit of `revision`.");

export const applicationStatus = z
  .object({
    observedGeneration: z
      .int()
      .optional()
      .describe("The generation of the spec that this status answers."),
    conditions: z
      .array(
        z.object({
          type: z.enum(conditionTypes),
          status: z.enum(["True", "False", "Unknown"]),
          reason: z
            .string()
            .min(1)
            .max(1024)
            .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
          message: z.string().max(32768),
          observedGeneration: z.int(),
          lastTransitionTime: time,
        }),
      )
      .optional()
      .describe("Ready, Reconciling, Stalled (kstatus); Synced, Healthy, Drifted."),
    sync: z
      .enum(["Synced", "OutOfSync", "Unknown"])
      .optional()
      .describe("Does the cluster have what the revision says?"),
    health: z
      .enum(healthStates)
      .optional()
      .describe("Health of the application's objects, the worst of them."),
    revision: z
      .string()
      .optional()
      .describe("The last revision that was applied (observe and warn: compared) completely."),
    attemptedRevision: z
      .string()
      .optional()
      .describe("The revision of the last run, complete or not."),
    commit: commitStatus.optional(),
    rollback: z
      .object({
        to: z.string().describe("Full id of the commit that is deployed instead."),
        skipped: z
          .string()
          .describe("Full id of the commit that is skipped: any other one ends the rollback."),
        since: time.describe("When it was first acted on."),
        until: time.optional().describe("When it ends at the latest."),
      })
      .optional()
      .describe(
        "The rollback that the annotation mooring.dev/rollback-to asks for; absent when it has ended.",
      ),
    lastHandledRefresh: z
      .string()
      .optional()
      .describe("The last value of the annotation mooring.dev/refresh that was acted on."),
    objects: z
      .object({
        total: z.int(),
        synced: z.int(),
        healthy: z.int(),
        drifted: z.int(),
        failed: z.int().describe("Refused, failed, deferred or not attempted."),
        skipped: z
          .int()
          .optional()
          .describe("Besides `total`: rendered, and left out on purpose, as hooks are."),
      })
      .optional()
      .describe("Counts of the application's objects."),
    problems: z
      .array(z.object({ ...objectFields, state: z.string(), message: z.string().max(1024) }))
      .max(20)
      .optional()
      .describe("The first 20 objects that are not fine."),
    heldPrune: z
      .object({
        hash: z.string(),
        reason: z.string(),
        count: z.int(),
        objects: z.array(z.object(objectFields)).max(20),
      })
      .optional()
      .describe(
        "A prune that waits for approval: set the annotation mooring.dev/approve-prune to its hash.",
      ),
    lastDrift: z
      .object({
        ...objectFields,
        fields: z.array(z.string()).max(20),
        manager: z.string(),
        time,
        healed: z.boolean(),
      })
      .optional()
      .describe("The last drift seen: which fields, who, when."),
    history: z
      .array(
        z.object({
          revision: z.string(),
          author: z.string(),
          message: z.string(),
          committedAt: time,
          deployedAt: time.describe("When all of it was applied."),
          healthyAt: time.optional().describe("When it was first healthy at this revision."),
          result: z.enum(["Deployed", "Healthy", "Failed", "Superseded"]),
        }),
      )
      .max(50)
      .optional()
      .describe("Past revisions, the newest first."),
  })
  .describe("What Mooring did and saw.");

export type ApplicationStatus = z.output<typeof applicationStatus>;
export type Rollback = NonNullable<ApplicationStatus["rollback"]>;

/** An Application as the pipeline works with it: parsed, defaulted, durations in milliseconds. */
export interface Application {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  finalizers: readonly string[];
  deleting: boolean;
  spec: ApplicationSpec;
  intervalMs: number;
  timeoutMs: number;
  status: ApplicationStatus;
}

/** `namespace/name`: how maps, logs and metrics name an application. */
export function applicationKey(app: { namespace: string; name: string }): string {
  return `${app.namespace}/${app.name}`;
}
