import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, definition, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  // Asking for refs may take a quarter of the timeout.
  world = await startWorld({ controller: { flags: ["--git-timeout", "4s"] } });
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

interface PoisonCase {
  name: string;
  reason: string;
  objects: readonly object[];
  says: readonly string[];
  advice: string;
  /** What is told of the object; `failed` and `refused` count alike. */
  state: string;
}

const poison: PoisonCase[] = [
  {
    name: "an object that is there twice",
    reason: "DuplicateObject",
    objects: [configMap("bad", { v: "1" }), configMap("bad", { v: "2" })],
    says: ["deploy/bad.yaml:1", "deploy/bad.yaml:8"],
    advice: "Keep one of the two definitions",
    state: "refused",
  },
  {
    name: "an object of a kind that the cluster lacks",
    reason: "UnknownKind",
    objects: [{ apiVersion: "none.example/v1", kind: "Nothing", metadata: { name: "bad" } }],
    says: ["Nothing.none.example", "deploy/bad.yaml:1"],
    advice: "Install the CRD of this kind",
    state: "deferred",
  },
  {
    name: "an object that the ServiceAccount may not write",
    reason: "Forbidden",
    objects: [
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "bad" },
        rules: [],
      },
    ],
    says: ["deployer", "may not patch clusterroles", "deploy/bad.yaml:1"],
    advice: "Grant the application's ServiceAccount the verb",
    state: "refused",
  },
  {
    name: "a quoted number, which server-side apply refuses with 500",
    reason: "ApplyRefused",
    objects: [{ ...deployment("bad"), spec: { ...deployment("bad").spec, replicas: "2" } }],
    says: ["spec.replicas", "deploy/bad.yaml:1"],
    advice: "Correct the field in Git",
    state: "failed",
  },
  {
    name: "an environment variable given twice, which server-side apply refuses with 500",
    reason: "ApplyRefused",
    objects: [
      deployment("bad", {
        env: [
          { name: "A", value: "1" },
          { name: "A", value: "2" },
        ],
      }),
    ],
    says: ["env", "deploy/bad.yaml:1"],
    advice: "Correct the field in Git",
    state: "failed",
  },
  {
    name: "an unknown field",
    reason: "ApplyRefused",
    objects: [{ ...configMap("bad", {}), dato: { a: "1" } }],
    says: ["dato", "deploy/bad.yaml:1"],
    advice: "Correct the field in Git",
    state: "failed",
  },
];

describe("one poisoned object leaves its siblings alone", () => {
  test.concurrent.each(poison.map((one, index) => ({ ...one, index })))(
    "$name: $reason, told once, the siblings go on",
    async ({ index, reason, objects, says, advice, state }) => {
      const app = await install(`poisoned-${index}`);
      const commit = await app.push({
        ...a("2"),
        "deploy/new.yaml": manifest(configMap("new", {})),
        "deploy/b.yaml": null,
        "deploy/bad.yaml": manifest(...objects),
      });
      const { message } = await app.condition("Stalled", "True", reason);
      for (const text of [...says, advice]) expect(message).toContain(text);
      expect((await world.api.read("ConfigMap", app.namespace, "a")).data.v).toBe("2");
      await world.api.read("ConfigMap", app.namespace, "new");
      // Nothing is pruned until all of the revision was applied (invariant 1).
      await world.api.read("ConfigMap", app.namespace, "b");
      await app.refresh();
      await app.refresh();

      const { status } = await app.get();
      expect(status?.attemptedRevision).toContain(commit);
      expect(status?.revision).not.toContain(commit);
      expect(status?.objects).toMatchObject({ failed: 1 });
      expect(status?.problems?.[0]).toMatchObject({ name: "bad", state });
      expect(conditionOf(await app.get(), "Ready")).toMatchObject({ status: "False", reason });
      expect(await app.told(reason)).toHaveLength(1);
      const labels = { ...app.labels, code: reason };
      expect(total(await world.controller.metrics(), "mooring_problems_total", labels)).toBe(1);

      const repaired = await app.deploy({ "deploy/bad.yaml": null });
      expect((await app.get()).status?.revision).toContain(repaired);
      expect(await world.api.get("ConfigMap", app.namespace, "b")).toBeUndefined();
    },
  );

  test("a refusal is not repeated until the object or its revision changed", async () => {
    const app = await install("repeated");
    const writesOfBad = async () =>
      (await world.audit.writesSince(0)).filter(
        ({ objectRef }) => objectRef?.namespace === "repeated" && objectRef.name === "bad",
      ).length;
    await app.push({ "deploy/bad.yaml": manifest({ ...configMap("bad", {}), dato: {} }) });
    await app.condition("Stalled", "True", "ApplyRefused");
    const refused = await writesOfBad();
    expect(refused).toBeGreaterThan(0);
    await world.api.patch("ConfigMap", "repeated", "a", { data: { v: "red" } });
    await waitFor(
      "the heal",
      () => world.api.read("ConfigMap", "repeated", "a"),
      ({ data }) => data.v === "1",
    );
    expect(await writesOfBad()).toBe(refused);
  });

  test("a Secret that is refused is told without its values", async () => {
    const app = await install("refused-secret");
    const sentinel = "sentinel-of-a-refused-secret";
    const bad = { apiVersion: "v1", kind: "Secret", metadata: { name: "bad" } };
    for (const part of [
      { data: { token: `%${sentinel}%` } },
      { data: { token: 1 }, stringData: { other: sentinel, more: 2 } },
      { type: "kubernetes.io/tls", stringData: { "tls.crt": sentinel } },
    ]) {
      await app.push({ "deploy/bad.yaml": manifest({ ...bad, ...part }) });
      await app.until("a refusal", (seen) => conditionOf(seen, "Ready")?.status === "False");
      const told = [
        JSON.stringify(await app.get()),
        JSON.stringify(await app.events()),
        JSON.stringify(await world.controller.metrics()),
        await world.controller.log(),
      ].join();
      expect(told).not.toContain(sentinel);
      await app.deploy({ "deploy/bad.yaml": null });
    }
  });

  test("a field that cannot be changed is told as such", async () => {
    const tenant = await world.createTenant("immutable");
    const files = (v: string) => ({
      "deploy/fixed.yaml": manifest({ ...configMap("fixed", { v }), immutable: true }),
    });
    const app = await tenant.application("shop", { files: files("1") });
    await app.ready();
    await app.push(files("2"));
    const { message } = await app.condition("Stalled", "True", "ImmutableField");
    expect(message).toContain("rename the object");
    expect((await world.api.read("ConfigMap", "immutable", "fixed")).data.v).toBe("1");
  });

  test("an object whose kind comes with the same revision, or later, is applied then", async () => {
    const tenant = await world.createTenant("kinds");
    const crds = { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"] };
    await tenant.grantInCluster([{ ...crds, verbs: ["get", "create", "patch", "delete"] }]);
    const widget = (kind: string) => ({
      apiVersion: "shop.example/v1",
      kind,
      metadata: { name: "one" },
      spec: { size: 1 },
    });
    const together = await tenant.application("together", {
      files: {
        "deploy/1-widget.yaml": manifest(widget("Widget")),
        "deploy/2-definition.yaml": manifest(definition("Widget", "widgets")),
      },
    });
    await together.ready();
    await world.plane.kubectl(["get", "-n", "kinds", "widgets.shop.example/one"]);

    const later = await tenant.application("later", {
      files: { ...good, "deploy/gadget.yaml": manifest(widget("Gadget")) },
    });
    await later.condition("Stalled", "True", "UnknownKind");
    await world.api.create(definition("Gadget", "gadgets"));
    await world.plane.kubectl(["wait", "--for=condition=Established", "crd/gadgets.shop.example"]);
    await later.ready();
    await world.plane.kubectl(["get", "-n", "kinds", "gadgets.shop.example/one"]);
  });
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

describe("the prune guard", () => {
  const ten = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [
      `deploy/${n}.yaml`,
      manifest(configMap(`c${n}`, { v: "1" })),
    ]),
  );
  const without = (...numbers: number[]) =>
    Object.fromEntries(numbers.map((n) => [`deploy/${n}.yaml`, null]));
  const namesIn = async (namespace: string) =>
    (await world.api.list("ConfigMap", namespace)).map(({ metadata }) => metadata.name);

  async function installTen(namespace: string): Promise<ApplicationHandle> {
    const tenant = await world.createTenant(namespace);
    const app = await tenant.application("shop", { files: ten });
    await app.ready();
    return app;
  }

  test("holds a large prune, tells its hash, and an approval releases exactly that set", async () => {
    const app = await installTen("guarded");
    await app.push({ ...without(0, 1, 2, 3), "deploy/new.yaml": manifest(configMap("new", {})) });
    const { message } = await app.condition("Stalled", "True", "PruneHeld");
    const held = (await app.get()).status?.heldPrune;
    expect(held).toMatchObject({ count: 4 });
    expect(held?.objects.map(({ name }) => name)).toEqual(["c0", "c1", "c2", "c3"]);
    expect(message).toContain(held?.hash);
    expect(message).toContain("mooring.dev/approve-prune");
    expect(await namesIn("guarded")).toEqual(expect.arrayContaining(["c0", "c3", "c9", "new"]));
    await app.refresh();
    expect(await app.told("PruneHeld")).toHaveLength(1);
    const metric = total(
      await world.controller.metrics(),
      "mooring_application_held_prune_objects",
      app.labels,
    );
    expect(metric).toBe(4);

    await app.annotate({ "mooring.dev/approve-prune": "0123456789abcdef" });
    await app.refresh();
    expect(await namesIn("guarded")).toContain("c0");

    // One more goes: another set, which the first hash does not cover.
    await app.push(without(4));
    const larger = await app.until(
      "the larger set",
      ({ status }) => status?.heldPrune?.count === 5,
    );
    await app.annotate({ "mooring.dev/approve-prune": held?.hash ?? "" });
    await app.refresh();
    expect(await namesIn("guarded")).toContain("c0");

    await app.annotate({ "mooring.dev/approve-prune": larger.status?.heldPrune?.hash ?? "" });
    await app.ready();
    expect((await namesIn("guarded")).sort()).toEqual(["c5", "c6", "c7", "c8", "c9", "new"]);
    expect((await app.get()).status?.heldPrune).toBeUndefined();

    // An approval is used up with its set.
    await app.push(without(5, 6, 7));
    await app.condition("Stalled", "True", "PruneHeld");
    expect(await namesIn("guarded")).toEqual(expect.arrayContaining(["c5", "c6", "c7"]));
  });

  test("holds a source that has become empty", async () => {
    const app = await installTen("emptied");
    const all = Object.fromEntries(Object.keys(ten).map((path) => [path, null]));
    await app.push({ ...all, "deploy/README.md": "Nothing here." });
    await app.condition("Stalled", "True", "PruneHeld");
    expect((await app.get()).status?.heldPrune).toMatchObject({ count: 10 });
    expect(await namesIn("emptied")).toHaveLength(10);
  });

  test("holds one object of a protected kind, and so the deletion of its application", async () => {
    const tenant = await world.createTenant("precious");
    const set = {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db" },
      spec: {
        replicas: 0,
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: {
          metadata: { labels: { app: "db" } },
          spec: { containers: [{ name: "db", image: "example.com/db:1" }] },
        },
      },
    };
    const app = await tenant.application("shop", {
      files: { ...good, "deploy/db.yaml": manifest(set) },
    });
    await app.condition("Synced", "True");
    await app.push({ "deploy/db.yaml": null });
    const { message } = await app.condition("Stalled", "True", "PruneHeld");
    expect(message).toContain("StatefulSet.apps precious/db");
    await app.push({ "deploy/db.yaml": manifest(set) });
    await app.condition("Synced", "True");

    await app.delete();
    const held = await app.until("the held deletion", (application) =>
      Boolean(
        application.metadata.deletionTimestamp &&
          conditionOf(application, "Stalled")?.reason === "PruneHeld",
      ),
    );
    await world.api.read("StatefulSet", "precious", "db");
    const hash = /"([0-9a-f]{16})"/.exec(conditionOf(held, "Stalled")?.message ?? "")?.[1];
    await app.annotate({ "mooring.dev/approve-prune": hash ?? "" });
    await app.gone();
    expect(await world.api.get("StatefulSet", "precious", "db")).toBeUndefined();
  });
});
