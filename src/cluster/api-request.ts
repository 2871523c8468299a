/** A request to the apiserver, before it is made. */

/** Whom a request is made as. */
export interface Identity {
  user: string;
  groups: readonly string[];
}

/**
 * A ServiceAccount. No groups are asked for: for the name of a ServiceAccount kube-apiserver adds
 * the groups that its token would give it, and the controller needs no right to impersonate groups.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function serviceAccountIdentity(namespace: string, name: string): Identity {
  return { user: `system:serviceaccount:${namespace}:${name}`, groups: [] };
}

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Percent-encoded, without the query. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: string | object;
  /** Of the body; `application/json` by default. */
  contentType?: string;
  accept?: string;
  as?: Identity | undefined;
  signal?: AbortSignal | undefined;
  /** Of one try, from the moment it has a slot; for a stream until its headers are there. 30 s by default. */
  timeoutMs?: number;
}
