/** The poll against a real server: what it asks, and what it does not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { createGitRemote } from "../../../src/source/git/choose.ts";
import type { GitExchange, GitRemote } from "../../../src/source/git/remote.ts";
import { Repositories } from "../../../src/source/repositories.ts";
import type { SourceClock } from "../../../src/source/tracking.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";

let server: GitServer;
let directory: string;
let remote: GitRemote;
let repositories: Repositories;
let exchanges: GitExchange[];
/** Looks come when the test says so. */
let timers: (() => void)[];
const clock: SourceClock = {
  now: () => 0,
  after: (_, callback) => {
    timers.push(callback);
    return () => {
      timers = timers.filter((other) => other !== callback);
    };
  },
  random: () => 0.5,
};

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mooring-repositories-"));
  exchanges = [];
  timers = [];
  remote = await createGitRemote({
    dataDirectory: directory,
    path: process.env.PATH ?? "",
    limits: { lookMs: 3000 },
    observe: (exchange) => void exchanges.push(exchange),
  });
  repositories = new Repositories({ remote, clock });
});
afterEach(async () => {
  repositories.close();
  await remote.close();
  await rm(directory, { recursive: true, force: true });
});

test("300 applications of one repository: one look, one fetch, blobs in batches", async () => {
  const repo = await server.createRepository("mono");
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`apps/a${i}/app.yaml`, `value ${i}`]),
  );
  const commit = await repo.commit(files);
  const read = async (i: number, tracking: ReturnType<typeof repositories.track>) => {
    const now = tracking.current();
    if (now.state !== "known") throw new Error(now.state);
    const snapshot = await now.snapshot();
    const entries = await snapshot.list(`apps/a${i}`);
    return String([...(await snapshot.read(entries.map(({ blob }) => blob))).values()][0]);
  };
  const trackings = Array.from({ length: 300 }, () =>
    repositories.track({
      url: server.url("mono"),
      ref: { branch: "main" },
      intervalMs: 20_000,
      onChange: () => {},
    }),
  );
  await Promise.all(trackings.map((tracking) => tracking.settled()));
  expect(server.counts("mono").requests).toBe(2);
  const values = await Promise.all(trackings.map((tracking, i) => read(i, tracking)));
  expect(values).toEqual(Array.from({ length: 300 }, (_, i) => `value ${i}`));
  expect(exchanges.map(({ operation, result }) => `${operation} ${result}`)).toEqual(
    expect.arrayContaining(["ls-refs ok", "fetch ok"]),
  );
  expect(exchanges.length).toBeLessThanOrEqual(4);
  expect(trackings[0]?.current()).toMatchObject({ revision: `main@sha1:${commit}` });

  server.resetCounts();
  await repo.commit({ "apps/a7/app.yaml": "changed" });
  for (const look of timers.splice(0)) look();
  await Promise.all(trackings.map((tracking) => tracking.settled()));
  expect(await read(7, trackings[7] as (typeof trackings)[0])).toBe("changed");
  // A look and a fetch, of two requests each.
  expect(server.counts("mono").requests).toBe(4);
});

test("applications that read one after another have their files fetched together", async () => {
  const repo = await server.createRepository("ahead");
  const files = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`apps/a${i}/app.yaml`, `value ${i}`]),
  );
  await repo.commit({ ...files, "unread/large.bin": "nobody wants it" });
  const blobsIn = async (snapshot: Snapshot, path: string) =>
    (await snapshot.list(path)).map(({ blob }) => blob);
  const paths = [...Array.from({ length: 20 }, (_, i) => `apps/a${i}`), "no/such/path"];
  const trackings = paths.map((path) =>
    repositories.track({
      url: server.url("ahead"),
      ref: { branch: "main" },
      intervalMs: 20_000,
      wanted: (snapshot) => blobsIn(snapshot, path),
      onChange: () => {},
    }),
  );
  await Promise.all(trackings.map((tracking) => tracking.settled()));
  for (const [i, tracking] of trackings.slice(0, 20).entries()) {
    const now = tracking.current();
    if (now.state !== "known") throw new Error(now.state);
    const snapshot = await now.snapshot();
    const blobs = await snapshot.read(await blobsIn(snapshot, `apps/a${i}`));
    expect([...blobs.values()].map(String)).toEqual([`value ${i}`]);
  }
  expect(exchanges.map(({ operation, result }) => `${operation} ${result}`)).toEqual([
    "ls-refs ok",
    "fetch ok",
    "fetch ok",
  ]);
});

test("a server that goes away and comes back: said once each, the last revision still readable", async () => {
  const repo = await server.createRepository("flaky");
  await repo.commit({ a: "1" });
  const heard: string[] = [];
  const tracking = repositories.track({
    url: server.url("flaky"),
    intervalMs: 20_000,
    onChange: () => heard.push(tracking.current().state),
  });
  await tracking.settled();
  server.behave({ kind: "status", status: 502 }, "flaky");
  for (let i = 0; i < 2; i++) {
    const settled = tracking.settled();
    for (const look of timers.splice(0)) look();
    await settled;
  }
  const failed = tracking.current();
  if (failed.state !== "failed") throw new Error(failed.state);
  expect(failed.problem.message).toContain("502");
  server.behave({ kind: "serve" }, "flaky");
  expect((await failed.last?.snapshot())?.revision).toMatch(/^main@sha1:/);
  tracking.refresh();
  await tracking.settled();
  expect(heard).toEqual(["known", "failed", "known"]);
});
