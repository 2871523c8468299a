/** Bare requests over one pool of connections: nothing of the code under test in between. */
import { readFile } from "node:fs/promises";
import { Pool } from "undici";
import { parse } from "yaml";

export interface BareRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

export const contentTypes = {
  json: "application/json",
  apply: "application/apply-patch+yaml",
  mergePatch: "application/merge-patch+json",
} as const;

export class ApiClient {
  readonly #pool: Pool;
  readonly #authorization: string;

  private constructor(pool: Pool, authorization: string) {
    this.#pool = pool;
    this.#authorization = authorization;
  }

  /** @param connections kept open, so requests in flight at most */
  static async connect(kubeconfig: string, connections: number): Promise<ApiClient> {
    const config = parse(await readFile(kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
      users: [{ user: { token: string } }];
    };
    const { server, "certificate-authority-data": authority } = config.clusters[0].cluster;
    const ca = Buffer.from(authority, "base64").toString();
    return new ApiClient(
      new Pool(server, { connections, connect: { ca } }),
      `Bearer ${config.users[0].user.token}`,
    );
  }

  /** @throws Error with the answer, unless it is 2xx */
  async send({ method, path, contentType, body }: BareRequest): Promise<void> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        authorization: this.#authorization,
        ...(contentType === undefined ? {} : { "content-type": contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
