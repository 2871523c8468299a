/**
 * Who may speak to the control plane, and how: kubeconfigs, the static tokens of its own parts,
 * and a token webhook that lets a test add users to a running apiserver.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stringify } from "yaml";

export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export function newToken(): string {
  return randomBytes(24).toString("hex");
}

/** A line of kube-apiserver's `--token-auth-file`. */
export function tokenLine(token: string, { name, groups = [] }: User): string {
  return `${token},"${name}","${name}","${groups.join(",")}"\n`;
}

/** Key pair that signs ServiceAccount tokens, both as PEM. */
export function signingKeyPair(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

/** @param ca PEM, inlined so that the file is complete in itself; absent: a plain http server */
export async function writeKubeconfig(
  path: string,
  { server, ca, token }: { server: string; ca?: string; token?: string },
): Promise<string> {
  const authority =
    ca === undefined ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "mooring", cluster: { server, ...authority } }],
    users: [{ name: "mooring", user: token === undefined ? {} : { token } }],
    contexts: [{ name: "mooring", context: { cluster: "mooring", user: "mooring" } }],
    "current-context": "mooring",
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
}

/** Answers the apiserver's TokenReviews for users that were added after it started. */
export interface TokenWebhook {
  readonly url: string;
  /** @returns the new user's token */
  add(user: User): string;
  close(): void;
}

export async function startTokenWebhook(): Promise<TokenWebhook> {
  const users = new Map<string, User>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const review = JSON.parse(body) as { spec?: { token?: string } };
    const user = users.get(review.spec?.token ?? "");
    const status =
      user === undefined
        ? { authenticated: false }
        : {
            authenticated: true,
            user: { username: user.name, uid: user.name, groups: user.groups ?? [] },
          };
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // The owner ends when its own work is done.
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    add(user) {
      const token = newToken();
      users.set(token, user);
      return token;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
