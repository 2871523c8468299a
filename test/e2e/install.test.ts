import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGitServer } from "../git/server.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, deployment, manifest, secret, service } from "./harness/manifests.ts";
import { conditionOf } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";

/** KEP-3659: base64url(sha256(name.namespace.kind.group)). */
function applySetId(name: string, namespace: string): string {
  const parent = `${name}.${namespace}.Application.mooring.dev`;
  return `applyset-${createHash("sha256").update(parent).digest("base64url")}-v1`;
}

const shop = {
  "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
  "deploy/web.yaml": manifest(deployment("web", { replicas: 2 }), service("web")),
};

test("what Git has is created, becomes healthy, and is told in status", async () => {
  const tenant = await world.createTenant("created");
  const app = await tenant.application("shop", { files: shop });
  const commit = await app.repository.resolve("main");
  const { status } = await app.ready(commit);
  const revision = `main@sha1:${commit}`;
  expect(status).toMatchObject({
    sync: "Synced",
    health: "Healthy",
    revision,
    attemptedRevision: revision,
    commit: { id: commit, author: "Developer", message: "First" },
    objects: { total: 3, synced: 3, healthy: 3, drifted: 0, failed: 0 },
    history: [{ revision, author: "Developer", message: "First", result: "Healthy" }],
  });
  expect(status?.problems ?? []).toEqual([]);
  const verdicts = status?.conditions?.map(({ type, status }) => `${type}=${status}`).sort();
  expect(verdicts).toEqual([
    "Drifted=False",
    "Healthy=True",
    "Ready=True",
    "Reconciling=False",
    "Stalled=False",
    "Synced=True",
  ]);
  expect((await world.api.read("ConfigMap", "created", "settings")).data).toEqual({
    colour: "blue",
  });
  const web = await world.api.read("Deployment", "created", "web");
  expect(web.status.readyReplicas).toBe(2);
  await world.api.read("Service", "created", "web");
});

test("every object carries the ApplySet's label, and the Application is the set's parent", async () => {
  const tenant = await world.createTenant("marked");
  const app = await tenant.application("shop", { files: shop });
  const { metadata } = await app.ready();
  const id = applySetId("shop", "marked");
  for (const [kind, name] of [
    ["ConfigMap", "settings"],
    ["Deployment", "web"],
    ["Service", "web"],
  ] as const) {
    const object = await world.api.read(kind, "marked", name);
    expect(object.metadata.labels).toMatchObject({ [partOf]: id });
    const appliers = object.metadata.managedFields?.filter(
      ({ operation, subresource }) => operation === "Apply" && subresource === undefined,
    );
    expect(appliers?.map(({ manager }) => manager)).toEqual([expect.stringMatching(/^mooring\./)]);
  }
  expect(metadata.labels).toMatchObject({ "applyset.kubernetes.io/id": id });
  expect(metadata.annotations?.["applyset.kubernetes.io/tooling"]).toMatch(/^mooring\//);
  expect(metadata.annotations).toMatchObject({
    "applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Deployment.apps,Service",
  });
  expect(metadata.finalizers).toContain("mooring.dev/deletion-policy");
});

test("kubectl get shows sync, health, revision and age", async () => {
  const tenant = await world.createTenant("columns");
  const app = await tenant.application("shop", { files: shop });
  const commit = await app.repository.resolve("main");
  await app.ready();
  const [header = "", row = ""] = (
    await world.plane.kubectl(["get", "applications.mooring.dev", "-n", "columns"])
  ).split("\n");
  for (const column of ["NAME", "SYNC", "HEALTH", "REVISION", "AGE"])
    expect(header).toContain(column);
  expect(row).toContain("Synced");
  expect(row).toContain("Healthy");
  expect(row).toContain(`main@sha1:${commit}`);
});

test("every request on an object is made as the application's ServiceAccount", async () => {
  const tenant = await world.createTenant("impersonated");
  const mark = await world.audit.mark();
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  const writes = (await world.audit.targetWritesSince(mark)).filter(
    ({ objectRef }) => objectRef?.namespace === "impersonated",
  );
  expect(writes.map(inWords).sort()).toEqual([
    "patch configmaps impersonated/settings",
    "patch deployments impersonated/web",
    "patch services impersonated/web",
  ]);
  for (const write of writes)
    expect(write.impersonatedUser?.username).toBe("system:serviceaccount:impersonated:deployer");
});

test("an update writes what changed and nothing else", async () => {
  const tenant = await world.createTenant("updated");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  const mark = await world.audit.mark();
  const commit = await app.deploy({
    "deploy/settings.yaml": manifest(configMap("settings", { colour: "green" })),
  });
  expect((await world.api.read("ConfigMap", "updated", "settings")).data).toEqual({
    colour: "green",
  });
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
    "patch configmaps updated/settings",
  ]);
  const { status } = await app.get();
  expect(status?.history?.[0]).toMatchObject({ revision: `main@sha1:${commit}` });
  expect(status?.history).toHaveLength(2);
});

test("a Secret's values arrive and are told nowhere", async () => {
  const tenant = await world.createTenant("secrets");
  const sentinel = "sentinel-of-a-secret";
  const app = await tenant.application("shop", {
    files: { "deploy/secret.yaml": manifest(secret("token", { token: sentinel })) },
  });
  await app.ready();
  const live = await world.api.read("Secret", "secrets", "token");
  expect(Buffer.from(live.data.token, "base64").toString()).toBe(sentinel);
  const told = [
    JSON.stringify(await app.get()),
    JSON.stringify(await app.events()),
    await world.controller.log(),
    JSON.stringify(await world.controller.metrics()),
  ].join("\n");
  expect(told).not.toContain(sentinel);
  expect(told).not.toContain(Buffer.from(sentinel).toString("base64"));
});

test("an object removed from Git is pruned, one renamed there is created anew and then pruned", async () => {
  const tenant = await world.createTenant("pruned");
  const app = await tenant.application("shop", {
    files: {
      ...shop,
      "deploy/more.yaml": manifest(...["a", "b", "c"].map((name) => configMap(name, { name }))),
      "deploy/old.yaml": manifest(configMap("old", { page: "1" })),
    },
  });
  await app.ready();
  const commit = await app.deploy({
    "deploy/old.yaml": null,
    "deploy/settings.yaml": manifest(configMap("settings-v2", { colour: "blue" })),
  });
  expect(await world.api.get("ConfigMap", "pruned", "old")).toBeUndefined();
  expect(await world.api.get("ConfigMap", "pruned", "settings")).toBeUndefined();
  expect((await world.api.read("ConfigMap", "pruned", "settings-v2")).data.colour).toBe("blue");
  const { status } = await app.get();
  expect(status).toMatchObject({ revision: `main@sha1:${commit}`, objects: { total: 6 } });
  expect((await app.told("Pruned")).map(({ note }) => note).join()).toContain("pruned/old");
});

test("without spec.prune an object removed from Git stays, and status says so", async () => {
  const tenant = await world.createTenant("kept");
  const app = await tenant.application("shop", {
    files: { ...shop, "deploy/old.yaml": manifest(configMap("old", {})) },
    spec: { prune: false },
  });
  await app.ready();
  await app.push({ "deploy/old.yaml": null });
  const { status } = await app.until("the extra object to be told", ({ status }) =>
    Boolean(status?.problems?.some(({ name }) => name === "old")),
  );
  expect(status?.problems?.[0]?.message).toContain("spec.prune");
  await world.api.read("ConfigMap", "kept", "old");
});

test("a missing destination namespace is created where the application says so, else told", async () => {
  const tenant = await world.createTenant("places");
  await tenant.grantInCluster([
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "create", "patch"] },
    {
      apiGroups: ["", "apps"],
      resources: ["configmaps", "services", "deployments"],
      verbs: ["get", "create", "patch", "delete"],
    },
  ]);
  const created = await tenant.application("created", {
    files: shop,
    spec: { destination: { namespace: "places-created", createNamespace: true } },
  });
  await created.ready();
  await world.api.read("Deployment", "places-created", "web");

  const missing = await tenant.application("missing", {
    files: shop,
    spec: { destination: { namespace: "places-missing" } },
  });
  const { message } = await missing.condition("Stalled", "True", "NamespaceMissing");
  expect(message).toContain("destination.createNamespace");
});

test("without spec.mode an application only warns, and is deleted without a trace", async () => {
  const tenant = await world.createTenant("defaults");
  const app = await tenant.application("shop", { files: shop, spec: { mode: undefined } });
  await app.condition("Synced", "False", "OutOfSync");
  const { spec, metadata } = await app.get();
  expect(spec.mode).toBe("warn");
  expect(metadata.finalizers ?? []).toEqual([]);
  expect(await world.api.get("ConfigMap", "defaults", "settings")).toBeUndefined();
  await app.delete();
  await app.gone();
});

test("an application that goes from enforce to observe lets its objects be, and takes them up again", async () => {
  const tenant = await world.createTenant("released");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  await app.configure({ mode: "observe" });
  await app.ready();
  const mark = await world.audit.mark();
  await world.api.patch("ConfigMap", "released", "settings", { data: { colour: "black" } });
  await app.condition("Synced", "False", "OutOfSync");
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  await app.configure({ mode: "enforce" });
  await app.ready();
  expect((await world.api.read("ConfigMap", "released", "settings")).data.colour).toBe("blue");
});

test("history keeps as many revisions as it is told, the newest first", async () => {
  const tenant = await world.createTenant("history");
  const app = await tenant.application("shop", {
    files: { "deploy/s.yaml": manifest(configMap("s", { v: "0" })) },
    spec: { historyLimit: 2 },
  });
  await app.ready();
  const commits: string[] = [];
  for (const v of ["1", "2", "3"])
    commits.push(
      await app.deploy(
        { "deploy/s.yaml": manifest(configMap("s", { v })) },
        { message: `To ${v}`, author: { name: "Ada", email: "ada@example.com" } },
      ),
    );
  const { status } = await app.get();
  expect(status?.history?.map(({ revision, message }) => [revision, message])).toEqual([
    [`main@sha1:${commits[2]}`, "To 3"],
    [`main@sha1:${commits[1]}`, "To 2"],
  ]);
  expect(JSON.stringify(status)).not.toContain("ada@example.com");
});

test("a suspended application does nothing until it is resumed", async () => {
  const tenant = await world.createTenant("suspended");
  const app = await tenant.application("shop", { files: shop });
  const witness = await tenant.application("witness", {
    files: { "deploy/w.yaml": manifest(configMap("witness", { n: "1" })) },
  });
  await Promise.all([app.ready(), witness.ready()]);
  await app.configure({ suspend: true });
  await app.condition("Ready", "Unknown", "Suspended");
  const mark = await world.audit.mark();
  const commit = await app.commit({
    "deploy/settings.yaml": manifest(configMap("settings", { colour: "red" })),
  });
  await app.annotate({ "mooring.dev/refresh": "while-suspended" });
  await world.api.patch("ConfigMap", "suspended", "settings", { data: { colour: "black" } });
  await world.api.patch("ConfigMap", "suspended", "witness", { data: { n: "2" } });
  await waitFor(
    "the witness to be healed",
    () => world.api.read("ConfigMap", "suspended", "witness"),
    ({ data }) => data.n === "1",
  );
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
    "patch configmaps suspended/witness",
  ]);
  await app.configure({ suspend: false });
  await app.ready(commit);
  expect((await world.api.read("ConfigMap", "suspended", "settings")).data.colour).toBe("red");
});

test("a refresh annotation makes it look at once, and is answered in status", async () => {
  const tenant = await world.createTenant("refreshed");
  const app = await tenant.application("shop", { files: shop });
  await app.ready();
  // Its interval is an hour: only the annotation can bring this commit.
  const commit = await app.commit({ "deploy/extra.yaml": manifest(configMap("extra", {})) });
  await app.annotate({ "mooring.dev/refresh": "now" });
  const { status } = await app.ready(commit);
  expect(status?.lastHandledRefresh).toBe("now");
});

test("a tag, a full ref name and a commit are followed like a branch", async () => {
  const tenant = await world.createTenant("refs");
  const colour = (name: string) => ({
    "deploy/settings.yaml": manifest(configMap("settings", { colour: name })),
  });
  const app = await tenant.application("shop", { files: colour("blue") });
  await app.ready();
  const blue = await app.repository.resolve("main");
  await app.repository.tag("v1", "main");
  await app.repository.git(["update-ref", "refs/pull/7/head", blue]);
  const red = await app.commit(colour("red"));
  const source = (ref: Record<string, string | null>) =>
    app.configure({
      source: { git: { ref: { branch: null, tag: null, name: null, commit: null, ...ref } } },
    });
  const live = async () => (await world.api.read("ConfigMap", "refs", "settings")).data.colour;
  await source({ commit: red });
  await app.ready(red);
  expect(await live()).toBe("red");
  await source({ tag: "v1" });
  await app.ready(blue);
  expect(await live()).toBe("blue");
  await source({ commit: red });
  await app.ready(red);
  await source({ name: "refs/pull/7/head" });
  await app.ready(blue);
  expect(await live()).toBe("blue");
});

test("another project than default is stalled, and writes nothing", async () => {
  const tenant = await world.createTenant("projects");
  const app = await tenant.application("shop", { files: shop, spec: { project: "other" } });
  const { message } = await app.condition("Stalled", "True", "Unsupported");
  expect(message).toContain("project");
  expect(conditionOf(await app.get(), "Ready")?.status).toBe("False");
  expect(await world.api.get("ConfigMap", "projects", "settings")).toBeUndefined();
});

test("a private repository is read with the Secret's credentials, and only with them", async () => {
  const password = "password-of-a-robot";
  await using git = await startGitServer({ credentials: { user: "robot", password } });
  const tenant = await world.createTenant("private");
  const app = await tenant.application("shop", {
    files: shop,
    git,
    spec: { source: { git: { secretRef: { name: "robot" } } } },
  });
  const missing = await app.condition("Stalled", "True", "SecretMissing");
  expect(missing.message).toContain("private/robot");

  const credentials = (value: string) => ({
    ...secret("robot", { username: "robot", password: value }),
    metadata: { namespace: "private", name: "robot" },
  });
  await world.api.create(credentials("a-wrong-password"));
  await app.annotate({ "mooring.dev/refresh": "secret-created" });
  await app.condition("Stalled", "True", "SourceUnauthorized");

  await world.api.patch("Secret", "private", "robot", { stringData: { password } });
  await app.annotate({ "mooring.dev/refresh": "secret-corrected" });
  await app.ready();
  const told = `${JSON.stringify(await app.get())}${await world.controller.log()}`;
  expect(told).not.toContain(password);
  expect(told).not.toContain("a-wrong-password");
});
