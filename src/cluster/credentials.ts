/** How we prove who we are to the apiserver, and how it proves to us who it is. */

import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import { FileAuth } from "@kubernetes/client-node/dist/file_auth.js";
import type { Access } from "./kubeconfig.ts";

export interface Tls {
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface Credentials {
  readonly tls: Tls;
  /** Headers that authenticate, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What to ask for the credentials of an access, again and again: files are read anew, token files
 * and exec plugins when theirs are a minute old or expired.
 * @throws Error (from what it gives) when a file cannot be read or a plugin fails
 */
export function credentialsOf(access: Access): () => Promise<Credentials> {
  const authenticate = authenticator(access);
  return async () => {
    const { cluster, user } = access;
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    await authenticate(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers))
      headers[name.toLowerCase()] = String(value).trim();
    if (user?.token) headers.authorization = `Bearer ${user.token}`;
    if (user?.username) {
      const pair = Buffer.from(`${user.username}:${user.password ?? ""}`);
      headers.authorization = `Basic ${pair.toString("base64")}`;
    }
    if (user?.impersonateUser) headers["impersonate-user"] = user.impersonateUser;

    const tls: Tls = {};
    const ca = fileOrData(cluster.caFile, cluster.caData);
    const cert = options.cert ?? fileOrData(user?.certFile, user?.certData);
    const key = options.key ?? fileOrData(user?.keyFile, user?.keyData);
    if (ca) tls.ca = ca;
    if (cert) tls.cert = cert as Buffer | string;
    if (key) tls.key = key as Buffer | string;
    if (cluster.tlsServerName) tls.servername = cluster.tlsServerName;
    if (cluster.skipTLSVerify) tls.rejectUnauthorized = false;
    return { tls, headers };
  };
}

/** Puts what an authentication plugin of the kubeconfig gives into a request's options. */
function authenticator({ cluster, user }: Access): (options: RequestOptions) => Promise<void> {
  if (user === undefined) return async () => {};
  const known = [new ExecAuth(), new FileAuth()].find((one) => one.isAuthProvider(user));
  if (known !== undefined) return (options) => known.applyAuthentication(user, options);
  if (!user.authProvider) return async () => {};
  // oidc, and what kubectl itself has given up: rare enough to load all of client-node for it.
  let config: Promise<KubeConfig> | undefined;
  const open = async () => {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const opened = new KubeConfig();
    opened.loadFromClusterAndUser(cluster, user);
    return opened;
  };
  return async (options) => {
    config ??= open();
    await (await config).applyToHTTPSOptions(options);
  };
}

function fileOrData(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file) return readFileSync(file);
  return data ? Buffer.from(data, "base64") : undefined;
}
