import { Agent, get, request } from "node:http";
import { connect } from "node:net";
import { Counter, Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import { type ApiServer, createApiServer } from "../../../src/api/server.ts";

let server: ApiServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(ready: Record<string, () => boolean> = {}, registry = new Registry()) {
  server = await createApiServer({ host: "127.0.0.1", port: 0, registry, ready });
  return `http://127.0.0.1:${server.port}`;
}

test("port 0 is a free port, and it is told which", async () => {
  await serve();
  expect(server?.port).toBeGreaterThan(0);
});

test("an address that is taken is an error", async () => {
  await serve();
  const port = server?.port ?? 0;
  const second = createApiServer({ host: "127.0.0.1", port, registry: new Registry(), ready: {} });
  await expect(second).rejects.toThrow("EADDRINUSE");
});

test("/healthz answers while the event loop turns", async () => {
  const answer = await fetch(`${await serve()}/healthz`);
  expect(answer.status).toBe(200);
});

describe("/readyz", () => {
  test("is 503 and names what is missing", async () => {
    const answer = await fetch(
      `${await serve({ discovery: () => true, applications: () => false })}/readyz`,
    );
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      ready: false,
      checks: { discovery: "ok", applications: "waiting" },
      missing: ["applications"],
    });
  });

  test("is 200 as soon as every check holds", async () => {
    let synced = false;
    const url = `${await serve({ applications: () => synced })}/readyz`;
    expect((await fetch(url)).status).toBe(503);
    synced = true;
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({ ready: true, missing: [] });
  });
});

test("/metrics is the registry in the Prometheus text format", async () => {
  const registry = new Registry();
  new Counter({ name: "things_total", help: "Things.", registers: [registry] }).inc(3);
  const answer = await fetch(`${await serve({}, registry)}/metrics`);
  expect(answer.headers.get("content-type")).toContain("text/plain");
  const text = await answer.text();
  expect(text).toContain("things_total 3");
  expect(text).toBe(await registry.metrics());
});

test("a registry that fails is a 500 without its reason", async () => {
  const registry = new Registry();
  new Counter({ name: "things_total", help: "Things.", registers: [registry] });
  registry.getSingleMetricAsString = () => Promise.reject(new Error("Sentinel"));
  const answer = await fetch(`${await serve({}, registry)}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("Sentinel");
});

test("anything else is 404, any other method 405", async () => {
  const url = await serve();
  for (const path of ["/", "/metrics/", "/healthz/x", "/__proto__", "/constructor"])
    expect((await fetch(url + path)).status, path).toBe(404);
  for (const method of ["POST", "PUT", "DELETE"]) {
    const answer = await fetch(`${url}/metrics`, { method });
    expect(answer.status, method).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
  }
  const head = await fetch(`${url}/healthz`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("headers are bounded", async () => {
  const url = new URL(`${await serve()}/healthz`);
  const status = await new Promise((resolve, reject) => {
    request(url, { headers: { "x-long": "x".repeat(16_384) } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(status).toBe(431);
});

test("close ends connections that are kept, and those that never sent a request", async () => {
  const url = await serve();
  const agent = new Agent({ keepAlive: true });
  const kept = await new Promise<{ closed: Promise<unknown> }>((resolve, reject) => {
    get(`${url}/healthz`, { agent }, (answer) => {
      answer.resume();
      const { socket } = answer;
      answer.on("end", () =>
        resolve({ closed: new Promise((closed) => socket.once("close", closed)) }),
      );
    }).on("error", reject);
  });
  const idle = connect(server?.port ?? 0, "127.0.0.1");
  await new Promise((resolve) => idle.once("connect", resolve));
  const ended = new Promise((resolve) => idle.once("close", resolve));
  await server?.close();
  server = undefined;
  await Promise.all([kept.closed, ended]);
  agent.destroy();
});
