/** Which repository an application follows, and with whose credentials. */
import { apiProblem } from "../cluster/api-problem.ts";
import type { Objects } from "../cluster/objects.ts";
import type { Application, GitSource } from "../model/application.ts";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { canonicalJson } from "../plan/targets.ts";
import type { GitCredentials } from "../source/git/remote.ts";
import type { Repositories } from "../source/repositories.ts";
import type { Tracking } from "../source/tracking.ts";

export interface SourceTracking {
  tracking: Tracking;
  /** What it was made from: another fingerprint needs another tracking. */
  fingerprint: string;
  /** When the Secret was last read (monotonic, milliseconds). */
  secretReadAt: number;
}

const secrets: ResourceKind = {
  group: "",
  version: "v1",
  kind: "Secret",
  resource: "secrets",
  namespaced: true,
  verbs: ["get"],
};

/** A replaced credential is noticed after so long at the latest. */
const secretMaxAgeMs = 30_000;

export interface SourceContext {
  repositories: Repositories;
  /** As the application's ServiceAccount: it must be allowed to read the Secret that it names. */
  objects: Objects;
  monotonic(): number;
  signal: AbortSignal;
  /** The blobs of a snapshot that the application reads, as it is when this is asked. */
  wanted(snapshot: Snapshot): Promise<readonly string[]>;
  onChange(): void;
}

/** The tracking for the application as it is now; the one it has, when nothing changed. */
export async function trackSource(
  application: Application,
  current: SourceTracking | undefined,
  context: SourceContext,
): Promise<SourceTracking> {
  const { git } = application.spec.source;
  const now = context.monotonic();
  const plain = canonicalJson({ git, interval: application.intervalMs });
  const fresh =
    current !== undefined && now - current.secretReadAt < secretMaxAgeMs && isSettled(current);
  if (current?.fingerprint.startsWith(`${plain} `) && (git.secretRef === undefined || fresh))
    return current;

  const credentials =
    git.secretRef === undefined ? undefined : await readCredentials(application, git, context);
  const fingerprint = `${plain} ${credentials === undefined ? "" : canonicalJson(credentials)}`;
  if (current?.fingerprint === fingerprint) {
    current.secretReadAt = now;
    return current;
  }
  current?.tracking.stop();
  const tracking = context.repositories.track({
    url: git.url,
    ...(git.ref === undefined ? {} : { ref: git.ref }),
    ...(credentials === undefined ? {} : { credentials }),
    intervalMs: application.intervalMs,
    wanted: context.wanted,
    onChange: context.onChange,
  });
  return { tracking, fingerprint, secretReadAt: now };
}

function isSettled(current: SourceTracking): boolean {
  return current.tracking.current().state !== "failed";
}

async function readCredentials(
  application: Application,
  git: GitSource,
  context: SourceContext,
): Promise<GitCredentials> {
  const name = git.secretRef?.name ?? "";
  const object = { group: "", kind: "Secret", namespace: application.namespace, name };
  const secret = await context.objects
    .get(secrets, application.namespace, name, { signal: context.signal })
    .catch((error: unknown) => {
      throw apiProblem(error, { object });
    });
  if (secret === undefined)
    throw new Problem("SecretMissing", "there is no such Secret", { object });
  const value = decoder(secret);
  const [username, password, token, caCertificate] = [
    value("username"),
    value("password"),
    value("bearerToken"),
    value("ca.crt"),
  ];
  const trust = caCertificate === undefined ? {} : { caCertificate };
  if (token !== undefined) return { kind: "bearer", token, ...trust };
  if (password !== undefined)
    return { kind: "basic", username: username ?? "git", password, ...trust };
  if (caCertificate !== undefined) return { kind: "anonymous", ...trust };
  throw new Problem("SecretMissing", "it has neither `username` and `password` nor `bearerToken`", {
    object,
  });
}

function decoder(secret: KubeObject): (key: string) => string | undefined {
  const data = (secret.data ?? {}) as Record<string, string | undefined>;
  return (key) => {
    const encoded = data[key];
    return encoded === undefined
      ? undefined
      : Buffer.from(encoded, "base64").toString("utf8").trim();
  };
}
