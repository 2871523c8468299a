import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { connect } from "../../../src/cluster/connection.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-kubeconfig-"));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => void vi.useRealTimers());

interface Parts {
  server?: string;
  user?: object;
  context?: string;
  current?: string;
}

async function kubeconfig(name: string, parts: Parts = {}): Promise<string> {
  const { server = "https://127.0.0.1:1", user = { token: "t" }, context = "c" } = parts;
  const path = join(directory, name);
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      ...(parts.current === "" ? {} : { "current-context": parts.current ?? context }),
      contexts: [{ name: context, context: { cluster: context, user: context } }],
      clusters: [{ name: context, cluster: { server } }],
      users: [{ name: context, user }],
    }),
  );
  return path;
}

describe("a kubeconfig", () => {
  test("gives server and token; a trailing slash of the server is dropped", async () => {
    const path = await kubeconfig("plain", { server: "https://10.1.2.3:6443/" });
    const connection = await connect({ kubeconfig: path });
    expect(connection.server).toBe("https://10.1.2.3:6443");
    expect(await connection.headers()).toEqual({ authorization: "Bearer t" });
    await connection.close();
  });

  test("with user and password authenticates by them", async () => {
    const path = await kubeconfig("basic", { user: { username: "a", password: "b:c" } });
    const connection = await connect({ kubeconfig: path });
    const expected = `Basic ${Buffer.from("a:b:c").toString("base64")}`;
    expect(await connection.headers()).toEqual({ authorization: expected });
    await connection.close();
  });

  test("of several files is merged: the first definition wins, missing files are passed over", async () => {
    const one = await kubeconfig("one", { server: "https://one", context: "shared" });
    const two = await kubeconfig("two", { server: "https://two", context: "shared" });
    const three = await kubeconfig("three", { server: "https://three", context: "other" });
    const list = [one, join(directory, "absent"), two, three].join(delimiter);
    const first = await connect({ kubeconfig: list });
    expect(first.server).toBe("https://one");
    const other = await connect({ kubeconfig: list, context: "other" });
    expect(other.server).toBe("https://three");
    await Promise.all([first.close(), other.close()]);
  });

  test("that is missing, names no cluster, or is not safe is refused with the reason", async () => {
    await expect(connect({ kubeconfig: join(directory, "absent") })).rejects.toThrow("ENOENT");
    const path = await kubeconfig("wrong", { current: "nowhere" });
    await expect(connect({ kubeconfig: path })).rejects.toThrow('context "nowhere" has no cluster');
    const plain = await kubeconfig("http", { server: "http://127.0.0.1:1" });
    await expect(connect({ kubeconfig: plain })).rejects.toThrow("HTTP is not allowed");
  });

  test("absent outside of a pod is refused with the reason", async () => {
    await expect(connect({ env: {} })).rejects.toThrow("KUBERNETES_SERVICE_HOST is not set");
  });
});

describe("credentials", () => {
  test("of a token file follow the file within about a minute, without a restart", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    const tokenFile = join(directory, "token");
    await writeFile(tokenFile, "old");
    const path = await kubeconfig("rotating", {
      user: { "auth-provider": { name: "tokenFile", config: { tokenFile } } },
    });
    let now = 0;
    const connection = await connect({ kubeconfig: path, monotonic: () => now });
    expect(await connection.headers()).toEqual({ authorization: "Bearer old" });
    await writeFile(tokenFile, "new");
    now = 71_000;
    vi.setSystemTime(now);
    expect(await connection.headers()).toEqual({ authorization: "Bearer new" });
    await connection.close();
  });

  test("of an exec plugin are asked for once, and again when they have expired", async () => {
    const script = join(directory, "plugin.sh");
    const count = join(directory, "calls");
    const credential = JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "from-plugin", expirationTimestamp: "2100-01-01T00:00:00Z" },
    });
    await writeFile(script, `#!/bin/sh\necho call >> ${count}\necho '${credential}'\n`, {
      mode: 0o755,
    });
    const path = await kubeconfig("exec", {
      user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: script } },
    });
    let now = 0;
    const connection = await connect({ kubeconfig: path, monotonic: () => now });
    for (; now < 100_000; now += 11_000)
      expect(await connection.headers()).toEqual({ authorization: "Bearer from-plugin" });
    expect(await readFile(count, "utf8")).toBe("call\n");
    await connection.renew();
    expect(await readFile(count, "utf8")).toBe("call\ncall\n");
    await connection.close();
  });

  test("that changed on disk are read on renew, and new certificates get new connections", async () => {
    const path = await kubeconfig("renewed");
    const connection = await connect({ kubeconfig: path });
    const { requests } = connection;
    await kubeconfig("renewed", { user: { token: "u" } });
    await connection.renew();
    expect(await connection.headers()).toEqual({ authorization: "Bearer u" });
    expect(connection.requests).toBe(requests);
    await kubeconfig("renewed", { server: "https://127.0.0.1:2" });
    await connection.renew();
    expect(connection.server).toBe("https://127.0.0.1:2");
    expect(connection.requests).not.toBe(requests);
    await connection.close();
  });
});
