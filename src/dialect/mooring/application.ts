/** What users write -> the Application that the pipeline works with. */
import {
  type Application,
  type ApplicationSpec,
  type ApplicationStatus,
  applicationSpec,
  applicationStatus,
} from "../../model/application.ts";
import { milliseconds } from "../../model/duration.ts";
import type { KubeObject } from "../../model/object.ts";
import { Problem } from "../../model/problem.ts";
import { brokenRule, issueOf, unknownField } from "./invalid.ts";

/** An invalid one still has its name and metadata, so that its status can say what is wrong. */
export type Parsed =
  | { ok: true; application: Application }
  | { ok: false; application: Application; problem: Problem };

/**
 * Stands in for the fields that are not valid. Nothing is run with such a spec; should the
 * Application be deleted, an unreadable policy must not delete what it was to leave alone.
 */
const placeholder: ApplicationSpec = applicationSpec.parse({
  source: { git: { url: "invalid" } },
  deletionPolicy: "orphan",
});

/** Of an invalid Application, which has nothing to poll and nothing to run. */
const idleMs = 60_000;

/**
 * Parses an Application as the API has it. Never throws, whatever an older or newer CRD let
 * through: a spec that cannot be worked with is a Problem InvalidSpec that names the field, and
 * never quotes it.
 */
export function parseApplication(object: KubeObject): Parsed {
  const { metadata } = object;
  const given = object.spec ?? {};
  const base = {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
    generation: metadata.generation ?? 0,
    resourceVersion: metadata.resourceVersion ?? "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    finalizers: metadata.finalizers ?? [],
    deleting: metadata.deletionTimestamp !== undefined,
    status: readStatus(object.status),
  };
  const spec = readSpec(given);
  if (typeof spec === "string") {
    const times = { intervalMs: idleMs, timeoutMs: idleMs };
    return {
      ok: false,
      application: { ...base, spec: salvage(given), ...times },
      problem: new Problem("InvalidSpec", spec),
    };
  }
  const times = { intervalMs: milliseconds(spec.interval), timeoutMs: milliseconds(spec.timeout) };
  return { ok: true, application: { ...base, spec, ...times } };
}

/** @returns what is wrong, as a text, where it is not valid */
function readSpec(given: unknown): ApplicationSpec | string {
  const parsed = applicationSpec.safeParse(given);
  if (!parsed.success) return issueOf(parsed.error, given);
  const unknown = unknownField(given, parsed.data);
  if (unknown !== undefined) return `${unknown}: this version of Mooring does not know the field`;
  return brokenRule(parsed.data) ?? parsed.data;
}

/** What this version cannot do is said, never ignored. */
export function unsupported(application: Application): Problem | undefined {
  const { project, source } = application.spec;
  if (project !== "default")
    return new Problem(
      "Unsupported",
      `spec.project: the project ${project} is not supported, only default`,
    );
  const remote = source.helm?.valueFiles?.findIndex((file) =>
    /^[a-z][a-z0-9+.-]*:\/\//i.test(file),
  );
  // The URL may hold a password.
  return remote === undefined || remote < 0
    ? undefined
    : new Problem(
        "Unsupported",
        `spec.source.helm.valueFiles[${remote}]: a URL; values are read from the repository only`,
      );
}

/** The fields that are valid: a deletion still needs deletionPolicy and serviceAccountName. */
function salvage(given: unknown): ApplicationSpec {
  const fields = typeof given === "object" && given !== null ? given : {};
  const readable = Object.entries(applicationSpec.shape).flatMap(([name, schema]) => {
    const parsed = schema.safeParse((fields as Record<string, unknown>)[name]);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data] as const] : [];
  });
  return { ...placeholder, ...Object.fromEntries(readable) };
}

/** Field by field: what one version wrote and another cannot read is lost alone, and written anew. */
function readStatus(status: unknown): ApplicationStatus {
  if (typeof status !== "object" || status === null) return {};
  const given = status as Record<string, unknown>;
  const readable = Object.entries(applicationStatus.shape).flatMap(([name, schema]) => {
    const parsed = schema.safeParse(given[name]);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data] as const] : [];
  });
  return Object.fromEntries(readable);
}
