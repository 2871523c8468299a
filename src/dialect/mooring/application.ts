/** What users write -> the Application that the pipeline works with. Never throws, whatever the API let through. */
import {
  type Application,
  type ApplicationSpec,
  applicationSpec,
  applicationStatus,
} from "../../model/application.ts";
import { milliseconds } from "../../model/duration.ts";
import type { KubeObject } from "../../model/object.ts";
import { Problem } from "../../model/problem.ts";

/** An invalid one still has its name and metadata, so that its status can say what is wrong. */
export type Parsed =
  | { ok: true; application: Application }
  | { ok: false; application: Application; problem: Problem };

const shortestIntervalMs = 5_000;
/** Stands in where the spec is not valid: it wants nothing. */
const nothing: ApplicationSpec = applicationSpec.parse({ source: { git: { url: "invalid" } } });

export function parseApplication(object: KubeObject): Parsed {
  const { metadata } = object;
  const status = applicationStatus.safeParse(object.status ?? {});
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
    // A status that is not ours to read is no status: it is written anew.
    status: status.success ? status.data : {},
  };
  const parsed = applicationSpec.safeParse(object.spec ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = ["spec", ...(issue?.path ?? [])].join(".");
    return invalid(base, `${where}: ${issue?.message ?? "not valid"}`);
  }
  const spec = parsed.data;
  const refs = Object.keys(spec.source.git.ref ?? { branch: "" });
  if (refs.length !== 1)
    return invalid(base, "spec.source.git.ref: exactly one of branch, tag, commit, name");
  const durations = { interval: spec.interval, timeout: spec.timeout, ...spec.retry.backoff };
  const times: Record<string, number> = {};
  for (const [name, value] of Object.entries(durations)) {
    if (typeof value !== "string") continue;
    try {
      times[name] = milliseconds(value);
    } catch {
      return invalid(base, `spec: ${name}: ${value} is no duration; write it as 20s, 5m or 1h30m`);
    }
  }
  const { interval = 0, timeout = 0 } = times;
  if (interval < shortestIntervalMs)
    return invalid(base, `spec.interval: ${spec.interval} is shorter than 5s`);
  if (timeout < 1_000) return invalid(base, `spec.timeout: ${spec.timeout} is shorter than 1s`);
  return { ok: true, application: { ...base, spec, intervalMs: interval, timeoutMs: timeout } };
}

/** What this version cannot do is said, never ignored. */
export function unsupported(application: Application): Problem | undefined {
  const { project } = application.spec;
  return project === "default"
    ? undefined
    : new Problem(
        "Unsupported",
        `spec.project: the project ${project} is not supported, only default`,
      );
}

function invalid(
  base: Omit<Application, "spec" | "intervalMs" | "timeoutMs">,
  what: string,
): Parsed {
  return {
    ok: false,
    application: { ...base, spec: nothing, intervalMs: 60_000, timeoutMs: 60_000 },
    problem: new Problem("InvalidSpec", what),
  };
}
