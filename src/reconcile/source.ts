/** Which repository an application follows, and with whose credentials. */
import { apiProblem } from "../cluster/api-problem.ts";
import type { Objects } from "../cluster/objects.ts";
import type { Application, GitRef, GitSource } from "../model/application.ts";
import type { KubeObject, ResourceKind } from "../model/object.ts";
import { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { canonicalJson } from "../plan/targets.ts";
import type { GitCredentials } from "../source/git/remote.ts";
import type { Repositories } from "../source/repositories.ts";
import type { Tracking } from "../source/tracking.ts";
import { valueWrittenAt } from "./secret-age.ts";

/** Commits that are wanted besides what the ref is at: of a rollback, and the one that status names. */
export type CommitRole = "rollback" | "deployed";

/** The repository of an application: what its ref is at, and single commits of it. */
export class SourceTracking {
  readonly tracking: Tracking;
  /** What it was made from: another fingerprint needs another tracking. */
  readonly fingerprint: string;
  /** When the Secret was last read (monotonic, milliseconds). */
  secretReadAt: number;
  readonly #follow: (ref: GitRef | undefined) => Tracking;
  readonly #commits = new Map<CommitRole, { id: string; tracking: Tracking }>();

  constructor(o: {
    ref: GitRef | undefined;
    follow: (ref: GitRef | undefined) => Tracking;
    fingerprint: string;
    secretReadAt: number;
  }) {
    this.tracking = o.follow(o.ref);
    this.fingerprint = o.fingerprint;
    this.secretReadAt = o.secretReadAt;
    this.#follow = o.follow;
  }

  /** One commit, with the same credentials, in the place of the one that had this role before. */
  commit(role: CommitRole, id: string): Tracking {
    const known = this.#commits.get(role);
    if (known?.id === id) return known.tracking;
    known?.tracking.stop();
    const tracking = this.#follow({ commit: id });
    this.#commits.set(role, { id, tracking });
    return tracking;
  }

  forget(role: CommitRole): void {
    this.#commits.get(role)?.tracking.stop();
    this.#commits.delete(role);
  }

  stop(): void {
    this.tracking.stop();
    for (const role of [...this.#commits.keys()]) this.forget(role);
  }
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
  /** The Secret was read: when its value was written (milliseconds since 1970), where it tells. */
  onSecret?(name: string, writtenAt: number | undefined): void;
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
  current?.stop();
  const follow = (ref: GitRef | undefined) =>
    context.repositories.track({
      url: git.url,
      ...(ref === undefined ? {} : { ref }),
      ...(credentials === undefined ? {} : { credentials }),
      intervalMs: application.intervalMs,
      wanted: context.wanted,
      onChange: context.onChange,
    });
  return new SourceTracking({ ref: git.ref, follow, fingerprint, secretReadAt: now });
}

function isSettled(current: SourceTracking): boolean {
  return current.tracking.current().state !== "failed";
}

/**
 * What the Secret of `secretRef` says.
 * @throws Problem SecretMissing, or as the apiserver refuses it
 */
export async function readCredentials(
  application: Pick<Application, "namespace">,
  git: GitSource,
  context: Pick<SourceContext, "objects" | "onSecret"> & { signal?: AbortSignal },
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
  context.onSecret?.(name, valueWrittenAt(secret));
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
