/**
 * What the apiserver's audit log says of the controller: every answered request of its user,
 * those made in the name of another included. The log is written before the answer is sent.
 */
import { open } from "node:fs/promises";

export interface AuditEntry {
  stage: "ResponseComplete" | "ResponseStarted" | "Panic";
  verb: string;
  requestURI: string;
  user: { username: string; extra?: Readonly<Record<string, readonly string[]>> };
  impersonatedUser?: { username: string };
  objectRef?: {
    apiGroup?: string;
    resource: string;
    subresource?: string;
    namespace?: string;
    name?: string;
  };
  responseStatus?: { code: number };
  userAgent?: string;
  requestReceivedTimestamp: string;
}

/** A place in the log; what is written later lies behind it. */
export type AuditMark = number;

/** Of metadata alone: far more than any. */
const longestLine = 64 * 1024;
const writing = ["create", "update", "patch", "delete", "deletecollection"];
/** Questions that are asked by a POST. */
const questions = ["authorization.k8s.io", "authentication.k8s.io"];

export class AuditLog {
  readonly #path: string;
  readonly #user: string;

  /** @param user the controller's own user name */
  constructor(path: string, user: string) {
    this.#path = path;
    this.#user = user;
  }

  /** After the last whole line: one that is being written is not behind the mark yet. */
  async mark(): Promise<AuditMark> {
    await using file = await open(this.#path);
    const { size } = await file.stat();
    const from = Math.max(0, size - longestLine);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return from + buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
  }

  /** All requests of the controller since the mark, in the order of their answers. */
  async requestsSince(mark: AuditMark): Promise<AuditEntry[]> {
    await using file = await open(this.#path);
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(size - mark), 0, size - mark, mark);
    const text = buffer.toString("utf8");
    return text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as AuditEntry)
      .filter((entry) => entry.stage === "ResponseComplete" && entry.user.username === this.#user);
  }

  /** Its requests that ask for a change, refused ones included; dry-runs and Leases are none. */
  async writesSince(mark: AuditMark): Promise<AuditEntry[]> {
    return (await this.requestsSince(mark)).filter(isWrite);
  }

  /** Of those, the ones on objects of applications: neither Applications themselves nor Events. */
  async targetWritesSince(mark: AuditMark): Promise<AuditEntry[]> {
    return (await this.writesSince(mark)).filter(
      ({ objectRef }) =>
        objectRef?.apiGroup !== "mooring.dev" && objectRef?.apiGroup !== "events.k8s.io",
    );
  }
}

/** The token that the request came with: each start of a controller has one of its own. */
export function credentialOf({ user }: AuditEntry): string {
  return user.extra?.["authentication.kubernetes.io/credential-id"]?.[0] ?? "";
}

/** Lost races with the cluster's own controllers, answered by 409, changed nothing. */
export function succeeded({ responseStatus }: AuditEntry): boolean {
  return (responseStatus?.code ?? 0) < 300;
}

function isWrite({ verb, requestURI, objectRef }: AuditEntry): boolean {
  return (
    writing.includes(verb) &&
    !requestURI.includes("dryRun=") &&
    objectRef?.resource !== "leases" &&
    !questions.includes(objectRef?.apiGroup ?? "")
  );
}

/** `patch configmaps team-a/settings`: how failures show writes. */
export function inWords({ verb, objectRef, responseStatus }: AuditEntry): string {
  const { resource = "?", subresource, namespace, name } = objectRef ?? {};
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const code = responseStatus?.code ?? 0;
  return `${verb} ${what} ${namespace ?? ""}/${name ?? ""}${code < 300 ? "" : ` -> ${code}`}`;
}
