import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ApiError } from "../../../src/cluster/api-error.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import {
  type ApiRequest,
  type Observed,
  serviceAccountIdentity,
} from "../../../src/cluster/transport.ts";
import { Problem } from "../../../src/model/problem.ts";
import { answer, failure, instantClock, scriptedServer } from "./scripted-server.ts";

const read: ApiRequest = { method: "GET", path: "/api/v1/namespaces/a/configmaps/b" };
const write: ApiRequest = {
  method: "PATCH",
  path: "/api/v1/namespaces/a/configmaps/b",
  contentType: "application/apply-patch+yaml",
  body: { a: 1 },
};
const busy = { kind: "Status", reason: "TooManyRequests", message: "too many", code: 429 };

describe("a throttled request", () => {
  test("waits as long as Retry-After says, then is sent again, writes too", async () => {
    await using server = await scriptedServer((_, response, index) =>
      index < 2 ? answer(response, 429, busy, { "retry-after": "3" }) : answer(response, 200, {}),
    );
    const { slept, clock } = instantClock();
    const transport = await server.transport({ clock, random: () => 0 });
    await transport.request(write);
    expect(slept).toEqual([3000, 3000]);
    expect(server.seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  test("gives up after a bounded number of tries, and never waits longer than half a minute", async () => {
    await using server = await scriptedServer((_, response) =>
      answer(response, 429, busy, { "retry-after": "86400" }),
    );
    const { slept, clock } = instantClock();
    const transport = await server.transport({ clock, random: () => 0 });
    const error = await failure(transport.request(read));
    expect(error).toMatchObject({ status: 429, retryAfter: 86400 });
    expect(server.seen.length).toBe(6);
    expect(Math.max(...slept)).toBe(30_000);
  });

  test("gives its slot to others while it waits", async () => {
    let wake: () => void = () => {};
    let throttled: () => void = () => {};
    const isThrottled = new Promise<void>((resolve) => {
      throttled = resolve;
    });
    await using server = await scriptedServer((request, response, index) =>
      request.url.endsWith("/b") && index === 0
        ? answer(response, 429, busy)
        : answer(response, 200, { url: request.url }),
    );
    const transport = await server.transport({
      maxInFlight: 1,
      clock: {
        monotonic: () => 0,
        sleep: () =>
          new Promise((resolve) => {
            wake = resolve;
            throttled();
          }),
      },
    });
    const first = transport.request(read);
    await isThrottled;
    await transport.request({ method: "GET", path: "/api/v1/namespaces/a/configmaps/other" });
    wake();
    await first;
    expect(server.seen.map(({ url }) => url.split("/").pop())).toEqual(["b", "other", "b"]);
  });
});

describe("a broken connection", () => {
  test("repeats a read, a few times", async () => {
    await using server = await scriptedServer((_, response, index) =>
      index < 2 ? response.destroy() : answer(response, 200, { ok: true }),
    );
    const transport = await server.transport({ clock: instantClock().clock });
    expect(await transport.request(read)).toEqual({ ok: true });
    expect(server.seen.length).toBe(3);
  });

  test("gives up on a read in the end", async () => {
    await using server = await scriptedServer((_, response) => response.destroy());
    const transport = await server.transport({ clock: instantClock().clock });
    expect(await failure(transport.request(read))).toMatchObject({
      status: 0,
      reason: "Unreachable",
    });
    expect(server.seen.length).toBe(3);
  });

  test("never repeats a write, whose outcome is unknown, also cut in the middle of its answer", async () => {
    await using server = await scriptedServer((_, response, index) => {
      if (index === 0) response.destroy();
      else {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        setImmediate(() => response.destroy());
      }
    });
    const transport = await server.transport({ clock: instantClock().clock });
    for (const count of [1, 2]) {
      const error = (await failure(transport.request(write))) as ApiError;
      expect(error).toMatchObject({ status: 0, reason: "Unreachable", verb: "apply" });
      expect(error.message).toContain("whether the write happened is not known");
      expect(server.seen.length).toBe(count);
    }
  });

  test("to nobody is told as Unreachable, without doubt about the write", async () => {
    const server = await scriptedServer(() => {});
    const transport = await server.transport({ clock: instantClock().clock });
    await server[Symbol.asyncDispose]();
    const closed = (await failure(transport.request(write))) as ApiError;
    expect(closed).toMatchObject({ status: 0, reason: "Unreachable" });
    expect(closed.message).not.toContain("not known");
  });
});

describe("a deadline", () => {
  test("ends a request that has no answer, and one whose answer never ends", async () => {
    await using server = await scriptedServer((_, response, index) => {
      if (index === 1) {
        response.writeHead(200);
        const drip = setInterval(() => response.write(" "), 5);
        response.on("close", () => clearInterval(drip));
      }
    });
    const transport = await server.transport();
    for (const _ of [0, 1])
      expect(await failure(transport.request({ ...read, timeoutMs: 100 }))).toMatchObject({
        status: 0,
        reason: "Timeout",
      });
    expect(server.seen.length).toBe(2);
  });

  test("of the caller ends it with the caller's reason: in flight, waiting for a slot, waiting to retry", async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.url.endsWith("/busy")) answer(response, 429, busy, { "retry-after": "20" });
    });
    const transport = await server.transport({ maxInFlight: 1 });
    const reason = new Error("enough");
    const stop = new AbortController();
    const inFlight = failure(transport.request({ ...write, signal: stop.signal }));
    const waiting = failure(transport.request({ ...write, signal: stop.signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    stop.abort(reason);
    expect(await inFlight).toBe(reason);
    expect(await waiting).toBe(reason);
    expect(server.seen.length).toBe(1);

    const later = new AbortController();
    const throttled = failure(
      transport.request({ method: "GET", path: "/api/v1/pods/busy", signal: later.signal }),
    );
    await expect.poll(() => server.seen.length).toBe(2);
    later.abort(reason);
    expect(await throttled).toBe(reason);
    expect(await failure(transport.request({ ...read, signal: later.signal }))).toBe(reason);
    expect(server.seen.length).toBe(2);
  });
});

describe("leave to write", () => {
  const fenced = new Problem("Fenced", "the Lease is lost");

  test("is asked right before each write and never for reads and dry-runs", async () => {
    await using server = await scriptedServer((_, response) => answer(response, 200, {}));
    let asked = 0;
    const transport = await server.transport({
      hooks: {
        mayWrite: () => {
          asked += 1;
        },
      },
    });
    await transport.request(read);
    await transport.request({ ...write, query: { dryRun: "All" } });
    expect(asked).toBe(0);
    await transport.request(write);
    expect(asked).toBeGreaterThan(0);
  });

  test("that is gone after a pause for 429 stops the write", async () => {
    let leader = true;
    await using server = await scriptedServer((_, response) => {
      leader = false;
      answer(response, 429, busy);
    });
    const transport = await server.transport({
      clock: instantClock().clock,
      hooks: {
        mayWrite: () => {
          if (!leader) throw fenced;
        },
      },
    });
    expect(await failure(transport.request(write))).toBe(fenced);
    expect(server.seen.length).toBe(1);
  });

  test("that is gone while it waited for a slot stops the write", async () => {
    let leader = true;
    let finish: () => void = () => {};
    await using server = await scriptedServer((_, response) => {
      finish = () => answer(response, 200, {});
    });
    const transport = await server.transport({
      maxInFlight: 1,
      hooks: {
        mayWrite: () => {
          if (!leader) throw fenced;
        },
      },
    });
    const first = transport.request(write);
    const second = failure(transport.request(write));
    await expect.poll(() => server.seen.length).toBe(1);
    leader = false;
    finish();
    await first;
    expect(await second).toBe(fenced);
    expect(server.seen.length).toBe(1);
  });

  test("that is gone while the connection was made stops the write", async () => {
    await using server = await scriptedServer((_, response) => answer(response, 200, {}));
    let asked = 0;
    const transport = await server.transport({
      hooks: {
        mayWrite: () => {
          asked += 1;
          // The second question comes when the connection stands.
          if (asked === 2) throw fenced;
        },
      },
    });
    expect(await failure(transport.request(write))).toBe(fenced);
    expect(server.seen.length).toBe(0);
    await transport.request(write);
    expect(server.seen.length).toBe(1);
  });
});

describe("what is sent", () => {
  test("impersonates a ServiceAccount by its name, another user with every group, escapes the query and leaves out what is undefined", async () => {
    await using server = await scriptedServer((_, response) => answer(response, 200, {}));
    const transport = await server.transport();
    await transport.request({
      ...read,
      query: { labelSelector: "a=b,c in (d)", continue: undefined },
      as: serviceAccountIdentity("team-a", "deployer"),
    });
    await transport.request({ ...read, as: { user: "alice", groups: ["dev", "ops"] } });
    const [request, other] = server.seen;
    expect(request?.url).toBe(
      "/api/v1/namespaces/a/configmaps/b?labelSelector=a%3Db%2Cc+in+%28d%29",
    );
    expect(request?.headers["impersonate-user"]).toBe("system:serviceaccount:team-a:deployer");
    expect(request?.headers["impersonate-group"]).toBeUndefined();
    expect(other?.headers["impersonate-user"]).toBe("alice");
    expect(other?.headers["impersonate-group"]).toBe("dev, ops");
  });

  test("never exceeds the slots", async () => {
    let open = 0;
    let most = 0;
    await using server = await scriptedServer((_, response) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        answer(response, 200, {});
      });
    });
    const transport = await server.transport({ maxInFlight: 3 });
    await Promise.all(Array.from({ length: 30 }, () => transport.request(read)));
    expect(server.seen.length).toBe(30);
    expect(most).toBeLessThanOrEqual(3);
  });

  test("a name that would leave its path is refused and nothing is sent", async () => {
    await using server = await scriptedServer((_, response) => answer(response, 200, {}));
    const objects = new Objects(await server.transport());
    const kind = {
      group: "",
      version: "v1",
      kind: "ConfigMap",
      resource: "configmaps",
      namespaced: true,
      verbs: [],
    };
    for (const name of ["..", ".", "", "a/status", "a%2Fstatus", "a%2fstatus"])
      await expect(async () => objects.get(kind, "ns", name)).rejects.toMatchObject({
        code: "InvalidManifest",
      });
    await expect(async () => objects.get(kind, "../kube-system", "a")).rejects.toThrow();
    await expect(async () => objects.get(kind, undefined, "a")).rejects.toThrow("no namespace");
    expect(server.seen.length).toBe(0);
  });
});

describe("what is observed", () => {
  test("is every try once, with verb, group, resource, code and whether it wrote", async () => {
    await using server = await scriptedServer((_, response, index) => {
      if (index === 0) answer(response, 429, busy);
      else if (index === 3) response.destroy();
      else answer(response, 200, {});
    });
    const observed: Observed[] = [];
    const transport = await server.transport({
      clock: instantClock().clock,
      hooks: { observe: (o) => void observed.push(o) },
    });
    const path = "/apis/apps/v1/namespaces/a/deployments";
    await transport.request({ ...write, path: `${path}/b/scale` });
    await transport.request({ method: "GET", path });
    await failure(transport.request({ method: "DELETE", path: "/api/v1/namespaces/a", body: {} }));
    await transport.request({ method: "POST", path, body: {}, query: { dryRun: "All" } });
    await transport.stream({ method: "GET", path, query: { watch: "true" } });
    const lines = observed.map((o) =>
      [o.verb, o.group, o.resource, o.code, o.write ? "write" : "read"].join(" "),
    );
    expect(lines).toEqual([
      "apply apps deployments/scale 429 write",
      "apply apps deployments/scale 200 write",
      "list apps deployments 200 read",
      "delete  namespaces 0 write",
      "create apps deployments 200 read",
      "watch apps deployments 200 read",
    ]);
  });
});

describe("an answer", () => {
  test("that is too large is refused before it is held", async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200);
      const pump = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", pump);
      };
      pump();
    });
    const transport = await server.transport({ maxResponseBytes: 1_000_000 });
    expect(await failure(transport.request(read))).toMatchObject({
      status: 0,
      reason: "ResponseTooLarge",
    });
    expect(server.seen.length).toBe(1);
  });

  test("that is not JSON is an error that does not quote it", async () => {
    await using server = await scriptedServer((_, response) =>
      answer(response, 200, '{"data":"SENTINEL'),
    );
    const transport = await server.transport();
    const error = (await failure(transport.request(read))) as ApiError;
    expect(error).toMatchObject({ reason: "InvalidResponse" });
    expect(`${error.stack}${String(error.cause)}`).not.toContain("SENTINEL");
  });

  test("a page that is too large is asked for in halves until it fits", async () => {
    await using server = await scriptedServer((request, response) => {
      const query = new URL(request.url, "http://x").searchParams;
      const limit = Number(query.get("limit"));
      const from = Number(query.get("continue") ?? 0);
      const items = Array.from({ length: Math.min(limit, 40 - from) }, (_, i) => ({
        metadata: { name: `${from + i}`, annotations: { fill: "x".repeat(1000) } },
      }));
      const next = from + items.length < 40 ? String(from + items.length) : undefined;
      answer(response, 200, { metadata: { resourceVersion: "7", continue: next }, items });
    });
    const objects = new Objects(await server.transport({ maxResponseBytes: 12_000 }));
    const { items, resourceVersion } = await objects.list({
      group: "",
      version: "v1",
      kind: "ConfigMap",
      resource: "configmaps",
      namespaced: true,
      verbs: [],
    });
    expect(items.map((item) => item.metadata.name)).toEqual(
      Array.from({ length: 40 }, (_, i) => String(i)),
    );
    expect(resourceVersion).toBe("7");
  });

  test("410 in the middle of a list begins it again instead of answering with a part", async () => {
    let expired = false;
    await using server = await scriptedServer((request, response) => {
      const next = new URL(request.url, "http://x").searchParams.get("continue");
      if (next === null)
        return answer(response, 200, {
          metadata: { resourceVersion: "1", continue: "more" },
          items: [{ metadata: { name: "a" } }],
        });
      if (!expired) {
        expired = true;
        return answer(response, 410, { kind: "Status", reason: "Expired", code: 410 });
      }
      answer(response, 200, {
        metadata: { resourceVersion: "2" },
        items: [{ metadata: { name: "b" } }],
      });
    });
    const objects = new Objects(await server.transport());
    const { items } = await objects.list({
      group: "",
      version: "v1",
      kind: "ConfigMap",
      resource: "configmaps",
      namespaced: true,
      verbs: [],
    });
    expect(items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
  });
});

describe("credentials", () => {
  test("are read anew when the apiserver answers 401, and the request is repeated once", async () => {
    await using server = await scriptedServer((request, response) =>
      request.headers.authorization === "Bearer second-token"
        ? answer(response, 200, { ok: true })
        : answer(response, 401, { kind: "Status", reason: "Unauthorized", code: 401 }),
    );
    const transport = await server.transport();
    expect(await failure(transport.request(write))).toMatchObject({ status: 401 });
    expect(server.seen.length).toBe(2);
    const text = await readFile(server.kubeconfig, "utf8");
    await writeFile(server.kubeconfig, text.replace("first-token", "second-token"));
    expect(await transport.request(write)).toEqual({ ok: true });
    expect(server.seen.length).toBe(4);
    expect(await transport.request(read)).toEqual({ ok: true });
    expect(server.seen.length).toBe(5);
  });
});
