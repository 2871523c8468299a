/** What a push costs at the Git server when many kustomizations of one repository follow it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DesiredSet } from "../../../src/model/desired.ts";
import { createRenderer, type RenderCost, type Renderer } from "../../../src/render/render.ts";
import { createGitRemote } from "../../../src/source/git/choose.ts";
import type { GitRemote } from "../../../src/source/git/remote.ts";
import { Repositories } from "../../../src/source/repositories.ts";
import type { SourceClock, Tracking } from "../../../src/source/tracking.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";
import { from } from "../../unit/render/from.ts";
import { miniKustomize, ScriptedSandbox } from "../../unit/render/scripted-sandbox.ts";

let server: GitServer;
let directory: string;
let remote: GitRemote;
let repositories: Repositories;
let renderer: Renderer;
const costs: RenderCost[] = [];
/** Looks come when the test says so. */
let timers: (() => void)[] = [];
const clock: SourceClock = {
  now: () => 0,
  after(_, callback) {
    timers.push(callback);
    return () => {
      timers = timers.filter((other) => other !== callback);
    };
  },
  random: () => 0.5,
};

beforeAll(async () => {
  server = await startGitServer();
  directory = await mkdtemp(join(tmpdir(), "mooring-prefetch-"));
  remote = await createGitRemote({ dataDirectory: directory, path: process.env.PATH ?? "" });
  repositories = new Repositories({ remote, clock });
  renderer = createRenderer({
    workers: 0,
    cacheBytes: 64 << 20,
    deadlineMs: 5000,
    sandbox: { runs: new ScriptedSandbox(miniKustomize), versionOf: async () => "1" },
    observe: (cost) => void costs.push(cost),
  });
});
afterAll(async () => {
  repositories.close();
  await remote.close();
  await renderer.close();
  await rm(directory, { recursive: true, force: true });
  await server.stop();
});

test("100 overlays: their files come in two exchanges at first, later with the commit", async () => {
  const repo = await server.createRepository("mono");
  const files: Record<string, string> = {
    "shared/kustomization.yaml": "s\n",
    "shared/s": "shared",
  };
  for (let i = 0; i < 100; i++) {
    files[`apps/${i}/base/kustomization.yaml`] = "a\nb\n";
    files[`apps/${i}/base/a`] = `a of ${i}`;
    files[`apps/${i}/base/b`] = `b of ${i}`;
    files[`apps/${i}/overlays/prod/kustomization.yaml`] = "../../base\n../../../../shared\n";
  }
  const sources = Array.from({ length: 100 }, (_, i) =>
    from(`apps/${i}/overlays/prod`, { key: `shop/${i}` }),
  );
  let trackings: Tracking[] = [];
  /** Everybody looks, and renders what is there: what it took at the server, and at home. */
  const pushed = async (change: Record<string, string>) => {
    const commit = await repo.commit(change);
    server.resetCounts();
    costs.length = 0;
    if (trackings.length === 0)
      trackings = sources.map((source) =>
        repositories.track({
          url: server.url("mono"),
          ref: { branch: "main" },
          intervalMs: 20_000,
          wanted: (snapshot) => renderer.blobs(snapshot, source),
          onChange: () => {},
        }),
      );
    else for (const look of timers.splice(0)) look();
    await Promise.all(trackings.map((tracking) => tracking.settled()));
    const sets = await Promise.all(
      trackings.map(async (tracking, i): Promise<DesiredSet> => {
        const known = tracking.current();
        if (known.state !== "known" || known.commit !== commit) throw new Error(known.state);
        return renderer.render(await known.snapshot(), sources[i] ?? from(""));
      }),
    );
    expect(sets.map(({ objects }) => objects.length)).toEqual(Array(100).fill(3));
    const rendered = costs.filter(({ work }) => work === "rendered").length;
    return { rendered, requests: server.counts("mono").requests };
  };

  const first = await pushed(files);
  expect(first.rendered).toBe(100);
  // A look, the commit, the files that were guessed, the shared base that nobody guessed.
  expect(first.requests).toBeLessThanOrEqual(8);

  // A look and a fetch, of two requests each.
  expect(await pushed({ "README.md": "changed" })).toEqual({ rendered: 0, requests: 4 });
  expect(await pushed({ "apps/7/base/a": "changed" })).toEqual({ rendered: 1, requests: 4 });
  expect(await pushed({ "shared/s": "changed" })).toEqual({ rendered: 100, requests: 4 });
});
