import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { credentialsOf } from "../../../src/cluster/credentials.ts";
import { accessByKubeconfig, accessOfPod } from "../../../src/cluster/kubeconfig.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-access-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function kubeconfig(cluster: object, user: object): Promise<string> {
  const path = join(directory, "config");
  await writeFile(
    path,
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", ...cluster } }],
      users: [{ name: "u", user }],
    }),
  );
  return path;
}

const credentials = async (cluster: object, user: object) =>
  credentialsOf(accessByKubeconfig(await kubeconfig(cluster, user), undefined))();

/** Signed by nobody: only its expiry is looked at here. */
function idToken(expires: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ exp: expires })}.c2ln`;
}

describe("of a kubeconfig", () => {
  test("paths are relative to where it stands, and their files are read anew each time", async () => {
    await writeFile(join(directory, "ca.crt"), "old CA");
    await writeFile(join(directory, "me.crt"), "certificate");
    await writeFile(join(directory, "me.key"), "key");
    const path = await kubeconfig(
      { "certificate-authority": "ca.crt" },
      { "client-certificate": "me.crt", "client-key": "me.key" },
    );
    const read = credentialsOf(accessByKubeconfig(path, undefined));
    const { tls } = await read();
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(["old CA", "certificate", "key"]);
    await writeFile(join(directory, "ca.crt"), "new CA");
    expect(String((await read()).tls.ca)).toBe("new CA");
  });

  test("data, the name to verify and leaving it unverified arrive", async () => {
    const data = (text: string) => Buffer.from(text).toString("base64");
    const { tls } = await credentials(
      { "certificate-authority-data": data("CA"), "tls-server-name": "api.example.com" },
      { "client-certificate-data": data("certificate"), "client-key-data": data("key") },
    );
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(["CA", "certificate", "key"]);
    expect(tls.servername).toBe("api.example.com");
    expect(tls.rejectUnauthorized).toBeUndefined();
    const careless = await credentials({ "insecure-skip-tls-verify": true }, {});
    expect(careless.tls).toEqual({ rejectUnauthorized: false });
  });

  test("a user to act as arrives as a header", async () => {
    const { headers } = await credentials({}, { token: "t", as: "jane" });
    expect(headers).toEqual({ authorization: "Bearer t", "impersonate-user": "jane" });
  });

  test("a client certificate of an exec plugin wins over none", async () => {
    const status = { clientCertificateData: "certificate", clientKeyData: "key" };
    const exec = { command: "echo", args: [JSON.stringify({ status })] };
    const { tls, headers } = await credentials({}, { exec });
    expect([tls.cert, tls.key]).toEqual(["certificate", "key"]);
    expect(headers).toEqual({});
  });

  test("OpenID Connect authenticates by its token", async () => {
    const token = idToken(Date.now() / 1000 + 3600);
    const config = { "id-token": token, "client-id": "mooring" };
    const { headers } = await credentials({}, { "auth-provider": { name: "oidc", config } });
    expect(headers).toEqual({ authorization: `Bearer ${token}` });
  });

  test("a message about what is wrong names the file and quotes no secret", async () => {
    const path = join(directory, "broken");
    await writeFile(path, "users: [{name: u, user: {token: hunter2}}\nclusters: []\n");
    const refused = () => accessByKubeconfig(path, undefined);
    expect(refused).toThrow(`kubeconfig ${path}: `);
    expect(refused).not.toThrow("hunter2");
    await writeFile(path, "");
    expect(refused).toThrow(/broken: .*empty/);
    await writeFile(path, "clusters: [{name: c, cluster: {}}]");
    expect(refused).toThrow("clusters[0].cluster.server is missing");
  });
});

test("a pod's access is its ServiceAccount's, at the address that its environment tells", () => {
  const { cluster, user } = accessOfPod({
    KUBERNETES_SERVICE_HOST: "fd00::1",
    KUBERNETES_SERVICE_PORT: "6443",
  });
  expect(cluster.server).toBe("https://[fd00::1]:6443");
  expect(cluster.caFile).toBe("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  expect(user?.authProvider.config.tokenFile).toBe(
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
  );
});

test("nothing that is always loaded brings in the models of the Kubernetes API", async () => {
  const files = ["config_types", "exec_auth", "file_auth"];
  for (const file of files) {
    const path = new URL(import.meta.resolve(`@kubernetes/client-node/dist/${file}.js`));
    expect(await readFile(path, "utf8")).not.toMatch(/from ['"](?!node:)/);
  }
});
