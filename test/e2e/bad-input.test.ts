import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  // Asking for refs may take a quarter of the timeout: enough for those that do answer.
  world = await startWorld({ controller: { flags: ["--git-timeout", "20s"] } });
});
afterAll(() => world?.stop());

const a = (v: string) => ({ "deploy/a.yaml": manifest(configMap("a", { v })) });
const good = { ...a("1"), "deploy/b.yaml": manifest(configMap("b", { v: "1" })) };

async function install(namespace: string): Promise<ApplicationHandle> {
  const tenant = await world.createTenant(namespace);
  const app = await tenant.application("shop", { files: good });
  await app.ready();
  return app;
}

const refOf = (ref: Record<string, string | null>) => ({
  source: { git: { ref: { branch: null, tag: null, commit: null, name: null, ...ref } } },
});

interface StoppedCase {
  name: string;
  reason: string;
  /** What the message must say besides what to do. */
  says: readonly string[];
  advice: string;
  breaks(app: ApplicationHandle): Promise<unknown>;
  repairs(app: ApplicationHandle): Promise<unknown>;
}

const pathOf = (app: ApplicationHandle) => `${app.namespace}/${app.name}`;
const commits = (files: Record<string, string | null>, undo: Record<string, string | null>) => ({
  breaks: (app: ApplicationHandle) => app.commit({ ...a("2"), "deploy/b.yaml": null, ...files }),
  repairs: (app: ApplicationHandle) => app.commit({ ...good, ...undo }),
});

const stopped: StoppedCase[] = [
  {
    name: "a repository that answers 503",
    reason: "SourceUnreachable",
    says: ["503"],
    advice: "Check that the Git server answers",
    breaks: async (app) => world.git.behave({ kind: "status", status: 503 }, pathOf(app)),
    repairs: async (app) => world.git.behave({ kind: "serve" }, pathOf(app)),
  },
  {
    name: "a repository that never answers",
    reason: "SourceUnreachable",
    says: ["did not answer"],
    advice: "Check that the Git server answers",
    breaks: async (app) => world.git.behave({ kind: "hang" }, pathOf(app)),
    repairs: async (app) => world.git.behave({ kind: "serve" }, pathOf(app)),
  },
  {
    name: "a server that refuses the connection",
    reason: "SourceUnreachable",
    says: ["127.0.0.1:1"],
    advice: "Check that the Git server answers",
    breaks: (app) => app.configure({ source: { git: { url: "http://127.0.0.1:1/shop.git" } } }),
    repairs: (app) => app.configure({ source: { git: { url: world.git.url(pathOf(app)) } } }),
  },
  {
    name: "a server without that repository",
    reason: "SourceUnreachable",
    says: ["none"],
    advice: "Check that the Git server answers",
    breaks: (app) => app.configure({ source: { git: { url: world.git.url("none") } } }),
    repairs: (app) => app.configure({ source: { git: { url: world.git.url(pathOf(app)) } } }),
  },
  {
    name: "a revision whose files are cut off",
    reason: "SourceUnreachable",
    says: ["cut the answer off"],
    advice: "Check that the Git server answers",
    breaks: async (app) => {
      await app.commit({
        ...a("2"),
        "deploy/b.yaml": null,
        // Past what comes with the commit, and not compressible.
        "deploy/c.yaml": `# ${randomBytes(100_000).toString("hex")}`,
      });
      world.git.behave({ kind: "cut", afterBytes: 700 }, pathOf(app));
    },
    repairs: async (app) => {
      world.git.behave({ kind: "serve" }, pathOf(app));
      await app.commit({ ...good, "deploy/c.yaml": null });
    },
  },
  {
    name: "a wrong branch",
    reason: "RevisionNotFound",
    says: ["no-such-branch"],
    advice: "Check spec.source.git.ref",
    breaks: (app) => app.configure(refOf({ branch: "no-such-branch" })),
    repairs: (app) => app.configure(refOf({ branch: "main" })),
  },
  {
    name: "a commit that is not there",
    reason: "RevisionNotFound",
    says: ["0123456789"],
    advice: "Check spec.source.git.ref",
    breaks: (app) => app.configure(refOf({ commit: "0123456789".repeat(4) })),
    repairs: (app) => app.configure(refOf({ branch: "main" })),
  },
  {
    name: "an unknown path",
    reason: "PathNotFound",
    says: ["deploy/none"],
    advice: "Check spec.source.path",
    breaks: (app) => app.configure({ source: { path: "deploy/none" } }),
    repairs: (app) => app.configure({ source: { path: "deploy" } }),
  },
  {
    name: "a path that vanished",
    reason: "PathNotFound",
    says: ["deploy"],
    advice: "Check spec.source.path",
    breaks: (app) => app.commit({ deploy: null, "elsewhere/a.yaml": "a: 1" }),
    repairs: (app) => app.commit(good),
  },
  {
    name: "a broken YAML document among good ones",
    reason: "InvalidManifest",
    says: ["deploy/broken.yaml:8"],
    advice: "Correct the file; nothing of this revision was applied or pruned",
    ...commits(
      { "deploy/broken.yaml": `${manifest(configMap("c", {}))}---\nkind: [ConfigMap\n` },
      { "deploy/broken.yaml": null },
    ),
  },
  {
    name: "an object without a name",
    reason: "InvalidManifest",
    says: ["deploy/bad.yaml", "name"],
    advice: "Correct the file",
    ...commits(
      { "deploy/bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n" },
      { "deploy/bad.yaml": null },
    ),
  },
  {
    name: "an object without a kind",
    reason: "InvalidManifest",
    says: ["deploy/bad.yaml", "kind"],
    advice: "Correct the file",
    ...commits(
      { "deploy/bad.yaml": "apiVersion: v1\nmetadata: { name: bad }\n" },
      { "deploy/bad.yaml": null },
    ),
  },
];

describe("what stops a revision as a whole applies and prunes nothing of it", () => {
  test.concurrent.each(stopped.map((one, index) => ({ ...one, index })))(
    "$name: $reason, told once, the last good state stays",
    async ({ index, reason, says, advice, breaks, repairs }) => {
      const app = await install(`stopped-${index}`);
      const revision = (await app.get()).status?.revision;
      const mark = await world.audit.mark();
      await breaks(app);
      await app.annotate({ "mooring.dev/refresh": "broken" });
      const { message } = await app.condition("Ready", "False", reason);
      for (const text of [...says, advice]) expect(message).toContain(text);
      await app.refresh();
      await app.refresh();

      const after = await app.get();
      expect(after.status).toMatchObject({ revision, objects: { total: 2, synced: 2 } });
      expect(conditionOf(after, "Ready")).toMatchObject({ status: "False", reason });
      expect(conditionOf(after, "Synced")?.status).not.toBe("True");
      expect((await app.told(reason)).map(({ type, note }) => [type, note])).toEqual([
        ["Warning", message],
      ]);
      const labels = { ...app.labels, code: reason };
      expect(total(await world.controller.metrics(), "mooring_problems_total", labels)).toBe(1);
      const writes = (await world.audit.targetWritesSince(mark)).filter(
        ({ objectRef }) => objectRef?.namespace === app.namespace,
      );
      expect(writes.map(inWords)).toEqual([]);

      await repairs(app);
      await app.annotate({ "mooring.dev/refresh": "repaired" });
      await app.ready();
    },
  );
});

describe("a revision that cannot be read still leaves what was deployed guarded", () => {
  test("drift is healed while the Git server is away", async () => {
    const app = await install("away");
    world.git.behave({ kind: "status", status: 500 }, pathOf(app));
    await app.annotate({ "mooring.dev/refresh": "away" });
    await app.condition("Ready", "False", "SourceUnreachable");
    await world.api.patch("ConfigMap", "away", "a", { data: { v: "red" } });
    await waitFor(
      "the heal",
      () => world.api.read("ConfigMap", "away", "a"),
      ({ data }) => data.v === "1",
    );
  });
});

test("what fails goes on being tried as often as spec.retry says, and then waits for a change", async () => {
  const tenant = await world.createTenant("retries");
  const backoff = { duration: "100ms", factor: 1, maxDuration: "200ms" };
  const app = await tenant.application("shop", {
    files: good,
    spec: { retry: { limit: 2, backoff }, source: { git: { url: "http://127.0.0.1:1/x.git" } } },
  });
  const { message } = await app.condition("Stalled", "True", "SourceUnreachable");
  expect(message).toContain("refused the connection");
  await app.configure({ source: { git: { url: world.git.url(pathOf(app)) } } });
  await app.ready();
});

test("a spec that cannot be meant is refused by the apiserver, with what is wrong", async () => {
  const tenant = await world.createTenant("specs");
  const bad: [Record<string, unknown>, string][] = [
    [{ interval: "soon" }, "interval"],
    [{ interval: "1s" }, "interval"],
    [{ mode: "force" }, "mode"],
    [{ historyLimit: 1000 }, "historyLimit"],
    [{ source: { git: { ref: { branch: "main", tag: "v1" } } } }, "branch, tag, commit, name"],
    [{ source: { git: { url: "file:///etc" } } }, "url"],
    [{ source: { git: { url: "https://me:secret@git.example/x.git" } } }, "secretRef"],
    [{ source: { path: "../.." } }, "path"],
  ];
  for (const [spec, says] of bad)
    await expect(
      tenant.application(`bad-${bad.findIndex(([one]) => one === spec)}`, { files: {}, spec }),
    ).rejects.toThrow(says);
});
