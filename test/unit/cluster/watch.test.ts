import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { type WatchTiming, watchKind } from "../../../src/cluster/watch.ts";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";
import {
  answer,
  type Script,
  type ScriptedServer,
  type Seen,
  scriptedServer,
} from "./scripted-server.ts";

const configMaps: ResourceKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["list", "watch"],
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Followed {
  log: string[];
  server: ScriptedServer;
  watches(): URLSearchParams[];
  lists(): URLSearchParams[];
}

/** A watch whose calls of the handler are written down as words. */
async function follow(script: Script, timing: Partial<WatchTiming> = {}): Promise<Followed> {
  const server = await scriptedServer(script);
  const log: string[] = [];
  const stop = new AbortController();
  const named = (object: KubeObject): string => object.metadata.name ?? "?";
  const running = watchKind({
    transport: await server.transport(),
    resource: configMaps,
    metadataOnly: true,
    signal: stop.signal,
    random: () => 0,
    timing: { pauseMs: 5, longestPauseMs: 20, refusedPauseMs: 10, ...timing },
    handler: {
      replaced: (objects, version) => log.push(`replaced ${objects.map(named)} @${version}`),
      changed: (object) => log.push(`changed ${object.kind} ${named(object)}`),
      deleted: (object) => log.push(`deleted ${named(object)}`),
      unknown: (why) => log.push(`unknown: ${why}`),
      resumed: () => log.push("resumed"),
    },
  });
  stops.push(async () => {
    stop.abort();
    await running;
    await server[Symbol.asyncDispose]();
  });
  const of = (watch: boolean) => () =>
    server.seen
      .map(({ url }) => new URL(url, "http://x").searchParams)
      .filter((query) => (query.get("watch") === "true") === watch);
  return { log, server, watches: of(true), lists: of(false) };
}

const isWatch = ({ url }: Seen): boolean => url.includes("watch=true");

function list(response: ServerResponse, resourceVersion: string, ...names: string[]): void {
  const items = names.map((name) => ({ metadata: { name, uid: `uid-${name}` } }));
  answer(response, 200, { metadata: { resourceVersion }, items });
}

function event(type: string, name: string, resourceVersion: string): string {
  return `${JSON.stringify({ type, object: { kind: "PartialObjectMetadata", metadata: { name, resourceVersion } } })}\n`;
}

const expired = { kind: "Status", code: 410, reason: "Expired", message: "too old" };

test("a list, then events in their order, then it goes on from the last version when the server ends the watch", async () => {
  let opened = 0;
  const { log, watches, lists } = await follow((request, response) => {
    if (!isWatch(request)) return list(response, "10", "a");
    opened += 1;
    response.writeHead(200);
    if (opened > 1) return;
    response.write(event("ADDED", "b", "11"));
    response.write(event("DELETED", "a", "12"));
    response.write(event("BOOKMARK", "", "20"));
    response.end(event("MODIFIED", "b", "21"));
  });
  await expect.poll(() => opened).toBe(2);
  expect(log).toEqual([
    "replaced a @10",
    "changed ConfigMap b",
    "deleted a",
    "changed ConfigMap b",
  ]);
  expect(lists().length).toBe(1);
  expect(watches().map((query) => query.get("resourceVersion"))).toEqual(["10", "21"]);
  expect(watches()[0]?.get("allowWatchBookmarks")).toBe("true");
  expect(Number(watches()[0]?.get("timeoutSeconds"))).toBeGreaterThan(0);
});

test("a bookmark moves the point where it goes on", async () => {
  let opened = 0;
  const { watches, log } = await follow((request, response) => {
    if (!isWatch(request)) return list(response, "10");
    opened += 1;
    response.writeHead(200);
    if (opened === 1) response.end(event("BOOKMARK", "", "500"));
    else response.flushHeaders();
  });
  await expect.poll(() => opened).toBe(2);
  expect(watches().at(-1)?.get("resourceVersion")).toBe("500");
  expect(log).toEqual(["replaced  @10"]);
});

test("a broken connection is unknown, and resumed without a list when the watch stands again", async () => {
  let opened = 0;
  const { log, lists } = await follow((request, response) => {
    if (!isWatch(request)) return list(response, "10", "a");
    opened += 1;
    if (opened === 2)
      return answer(response, 503, { kind: "Status", code: 503, message: "starting" });
    response.writeHead(200);
    if (opened === 1) {
      response.write(event("MODIFIED", "a", "11"));
      response.write('{"type":"MODIFIED","object":{"metad', () => response.destroy());
    } else response.write(event("MODIFIED", "a", "12"));
  });
  await expect.poll(() => log.filter((line) => line.startsWith("changed")).length).toBe(2);
  expect(log.map((line) => line.replace(/:.*/, ""))).toEqual([
    "replaced a @10",
    "changed ConfigMap a",
    "unknown",
    "unknown",
    "resumed",
    "changed ConfigMap a",
  ]);
  expect(log[3]).toContain("starting");
  expect(lists().length).toBe(1);
});

for (const [how, say] of [
  ["with HTTP 410", (r: ServerResponse) => answer(r, 410, expired)],
  [
    "with an ERROR event",
    (r: ServerResponse) => {
      r.writeHead(200);
      r.write(`${JSON.stringify({ type: "ERROR", object: expired })}\n`);
    },
  ],
] as const)
  test(`a version that has expired, told ${how}, is unknown until a new list replaces everything`, async () => {
    let lists = 0;
    let opened = 0;
    const { log } = await follow((request, response) => {
      if (!isWatch(request)) {
        lists += 1;
        return lists === 1 ? list(response, "10", "a", "b") : list(response, "900", "b", "c");
      }
      opened += 1;
      if (opened === 1) return say(response);
      response.writeHead(200);
      response.flushHeaders();
    });
    await expect.poll(() => opened).toBe(2);
    expect(log[0]).toBe("replaced a,b @10");
    expect(log.at(-1)).toBe("replaced b,c @900");
    expect(log.slice(1, -1)).toContainEqual(expect.stringContaining("unknown"));
    expect(log).not.toContain("resumed");
  });

test("a server that falls silent is unknown and asked anew, though the connection stands", async () => {
  let opened = 0;
  const { log } = await follow(
    (request, response) => {
      if (!isWatch(request)) return list(response, "10");
      opened += 1;
      response.writeHead(200);
      response.write(event("BOOKMARK", "", "11"));
    },
    { silenceMs: 50 },
  );
  await expect.poll(() => log.includes("resumed")).toBe(true);
  expect(log[1]).toMatch(/unknown: .*nothing was heard/);
  expect(opened).toBeGreaterThan(1);
});

test("a kind that is forbidden, or gone, is unknown with the reason, and listed when it is back", async () => {
  let lists = 0;
  const { log } = await follow((request, response) => {
    if (isWatch(request)) {
      response.writeHead(200);
      return response.flushHeaders();
    }
    lists += 1;
    if (lists === 1)
      return answer(response, 403, {
        kind: "Status",
        code: 403,
        reason: "Forbidden",
        message: "configmaps is forbidden",
      });
    if (lists === 2) return answer(response, 404, "404 page not found");
    list(response, "10", "a");
  });
  await expect.poll(() => log.length).toBe(3);
  expect(log).toEqual([
    "unknown: configmaps: configmaps is forbidden",
    "unknown: configmaps: 404 page not found",
    "replaced a @10",
  ]);
});

test("a server that ends every watch at once is asked at longer and longer intervals", async () => {
  let opened = 0;
  const { log } = await follow(
    (request, response) => {
      if (!isWatch(request)) return list(response, "10");
      opened += 1;
      response.writeHead(200);
      response.end();
    },
    { pauseMs: 10, longestPauseMs: 60_000 },
  );
  await expect
    .poll(() => log.filter((line) => line.startsWith("unknown")).length)
    .toBeGreaterThanOrEqual(4);
  expect(opened).toBeLessThan(9);
});

test("a handler that throws ends the watch with its error", async () => {
  await using server = await scriptedServer((_, response) => list(response, "10"));
  const fault = new Error("a bug");
  const ignore = (): void => {};
  await expect(
    watchKind({
      transport: await server.transport(),
      resource: configMaps,
      metadataOnly: true,
      signal: new AbortController().signal,
      handler: {
        replaced() {
          throw fault;
        },
        changed: ignore,
        deleted: ignore,
        unknown: ignore,
        resumed: ignore,
      },
    }),
  ).rejects.toBe(fault);
});
