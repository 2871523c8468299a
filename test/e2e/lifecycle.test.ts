import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { untilServed } from "../cluster/served.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { configMap, definition, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const settings = (v: string) => ({
  "deploy/settings.yaml": manifest(configMap("settings", { v })),
});
const liveValue = async (namespace: string) =>
  (await world.api.read("ConfigMap", namespace, "settings")).data.v;

test("of many pushes in a row the last one stands, and status tells of it", async () => {
  const tenant = await world.createTenant("many");
  const app = await tenant.application("shop", { files: settings("0") });
  await app.ready();
  let last = "";
  for (let push = 1; push <= 8; push++) {
    last = await app.commit(settings(String(push)));
    await app.annotate({ "mooring.dev/refresh": `push-${push}` });
  }
  await app.ready(last);
  expect(await liveValue("many")).toBe("8");
});

test("a force-push to an earlier commit, and one to an unrelated history, are followed", async () => {
  const tenant = await world.createTenant("forced");
  const app = await tenant.application("shop", { files: settings("1") });
  const first = await app.repository.resolve("main");
  await app.ready(first);
  await app.deploy(settings("2"));
  await app.repository.setBranch("main", first);
  await app.repository.collectGarbage();
  await app.refresh();
  await app.ready(first);
  expect(await liveValue("forced")).toBe("1");
  const unrelated = await app.repository.commit(settings("3"), { parent: null });
  await app.repository.collectGarbage();
  await app.refresh();
  await app.ready(unrelated);
  expect(await liveValue("forced")).toBe("3");
});

test("a branch that is deleted prunes nothing, and goes on when it is back", async () => {
  const tenant = await world.createTenant("branchless");
  const app = await tenant.application("shop", { files: settings("1") });
  await app.ready();
  const head = await app.repository.resolve("main");
  await app.repository.deleteBranch("main");
  await app.refresh();
  await app.condition("Stalled", "True", "RevisionNotFound");
  expect(await liveValue("branchless")).toBe("1");
  await app.repository.setBranch("main", head);
  await app.refresh();
  await app.ready();
});

test("a suspended application writes, heals and prunes nothing, says so, and catches up with all of it", async () => {
  const tenant = await world.createTenant("resting");
  const more = { "deploy/more.yaml": manifest(configMap("more", {})) };
  const app = await tenant.application("shop", { files: { ...settings("1"), ...more } });
  const witness = await tenant.application("witness", {
    files: { "deploy/w.yaml": manifest(configMap("witness", { v: "1" })) },
  });
  await Promise.all([app.ready(), witness.ready()]);
  await app.configure({ suspend: true });
  const said = await app.until(
    "suspended",
    (seen) => conditionOf(seen, "Ready")?.reason === "Suspended",
  );
  expect(said.status).toMatchObject({ sync: "Unknown", health: "Suspended" });
  expect(conditionOf(said, "Ready")?.message).toContain("spec.suspend is true");
  for (const type of ["Reconciling", "Stalled"])
    expect(conditionOf(said, type)).toMatchObject({ status: "False", reason: "Suspended" });

  const mark = await world.audit.mark();
  const head = await app.commit({ ...settings("2"), "deploy/more.yaml": null });
  await app.annotate({ "mooring.dev/refresh": "while-suspended" });
  await world.api.patch("ConfigMap", "resting", "settings", { data: { v: "9" } });
  await world.controller.end("SIGKILL");
  world.controller = await world.controllers.start();
  await world.api.patch("ConfigMap", "resting", "witness", { data: { v: "9" } });
  await waitFor(
    "the witness to be healed",
    async () => (await world.api.read("ConfigMap", "resting", "witness")).data.v,
    (v) => v === "1",
  );
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
    "patch configmaps resting/witness",
  ]);
  expect((await app.get()).status?.lastHandledRefresh).not.toBe("while-suspended");

  await app.configure({ suspend: false });
  await app.ready(head);
  await app.until(
    "answer to what was asked meanwhile",
    ({ status }) => status?.lastHandledRefresh === "while-suspended",
  );
  expect(await liveValue("resting")).toBe("2");
  expect(await world.api.get("ConfigMap", "resting", "more")).toBeUndefined();
});

test.each([
  ["delete", undefined],
  ["orphan", "9"],
])("a suspended application that is deleted follows its policy: %s", async (policy, left) => {
  const namespace = `resting-${policy}`;
  const tenant = await world.createTenant(namespace);
  const app = await tenant.application("shop", {
    files: settings("1"),
    spec: { deletionPolicy: policy },
  });
  await app.ready();
  await app.configure({ suspend: true });
  await app.condition("Ready", "Unknown", "Suspended");
  await world.api.patch("ConfigMap", namespace, "settings", { data: { v: "9" } });
  await app.delete();
  await app.gone();
  expect((await world.api.get("ConfigMap", namespace, "settings"))?.data.v).toBe(left);
});

test("a source that never had an object is synced and healthy", async () => {
  const tenant = await world.createTenant("nothing");
  const app = await tenant.application("shop", { files: { "deploy/README.md": "Soon." } });
  const { status } = await app.ready();
  expect(status?.objects).toMatchObject({ total: 0 });
});

test("files that are no manifests, and directories beside the path, are left alone", async () => {
  const tenant = await world.createTenant("beside");
  const app = await tenant.application("shop", {
    files: {
      ...settings("1"),
      "deploy/notes.txt": "kind: [",
      "deploy/sub/more.yml": manifest(configMap("more", {})),
      "deploy/list.json": JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [configMap("listed", {})],
      }),
      "other/bad.yaml": "kind: [",
    },
  });
  const { status } = await app.ready();
  expect(status?.objects).toMatchObject({ total: 3, synced: 3 });
  await world.api.read("ConfigMap", "beside", "listed");
  await world.api.read("ConfigMap", "beside", "more");
});

test("an Application that lost its finalizer and was made again takes its objects up without a write", async () => {
  const tenant = await world.createTenant("again");
  const first = await tenant.application("shop", { files: settings("1") });
  await first.ready();
  const manifestOf = await first.get();
  const before = await world.api.read("ConfigMap", "again", "settings");
  await world.controller.end();
  await world.api.patch("Application", "again", "shop", { metadata: { finalizers: null } });
  await first.delete();
  await first.gone();
  const { apiVersion, kind, spec } = manifestOf;
  await world.api.create({
    apiVersion,
    kind,
    spec,
    metadata: { namespace: "again", name: "shop" },
  });
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await first.ready();
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  expect(await world.api.read("ConfigMap", "again", "settings")).toEqual(before);
  // And still knows them as its own.
  await first.deploy({
    "deploy/settings.yaml": null,
    "deploy/next.yaml": manifest(configMap("next", {})),
  });
  expect(await world.api.get("ConfigMap", "again", "settings")).toBeUndefined();
});

test("objects that one Application orphaned are adopted by the next, and pruned by it", async () => {
  const tenant = await world.createTenant("inherited");
  const first = await tenant.application("first", {
    files: settings("1"),
    spec: { deletionPolicy: "orphan" },
  });
  await first.ready();
  const { uid } = (await world.api.read("ConfigMap", "inherited", "settings")).metadata;
  await first.delete();
  await first.gone();
  const second = await tenant.application("second", { files: settings("2") });
  await second.ready();
  expect((await world.api.read("ConfigMap", "inherited", "settings")).metadata.uid).toBe(uid);
  await second.deploy({
    "deploy/settings.yaml": null,
    "deploy/next.yaml": manifest(configMap("next", {})),
  });
  expect(await world.api.get("ConfigMap", "inherited", "settings")).toBeUndefined();
});

test("a kind that is deleted and comes back brings its objects back", async () => {
  const tenant = await world.createTenant("kinds");
  const crd = definition("Gizmo", "gizmos");
  await world.api.create(crd);
  await untilServed(world.plane, "gizmos.shop.example");
  const gizmo = {
    apiVersion: "shop.example/v1",
    kind: "Gizmo",
    metadata: { name: "one" },
    spec: { size: 1 },
  };
  const app = await tenant.application("shop", {
    files: { ...settings("1"), "deploy/gizmo.yaml": manifest(gizmo) },
  });
  await app.ready();
  await world.api.delete("CustomResourceDefinition", "", "gizmos.shop.example");
  await app.until("it to be told", (seen) => conditionOf(seen, "Ready")?.status !== "True");
  expect(await liveValue("kinds")).toBe("1");
  await waitFor(
    "the definition to be gone",
    () => world.api.get("CustomResourceDefinition", "", "gizmos.shop.example"),
    (left) => left === undefined,
  );
  await world.api.create(crd);
  await app.ready(undefined, 40_000);
  await world.plane.kubectl(["get", "-n", "kinds", "gizmos.shop.example/one"]);
});

test("an object that moves to another version of its API is the same object", async () => {
  const tenant = await world.createTenant("versions");
  const crd = definition("Gadget", "gadgets");
  const [v1] = crd.spec.versions;
  crd.spec.versions = [v1, { ...v1, name: "v2", storage: false }];
  await world.api.create(crd);
  await untilServed(world.plane, "gadgets.shop.example");
  const gadget = (version: string) => ({
    "deploy/gadget.yaml": manifest({
      apiVersion: `shop.example/${version}`,
      kind: "Gadget",
      metadata: { name: "one" },
      spec: { size: version },
    }),
  });
  const app = await tenant.application("shop", { files: { ...settings("1"), ...gadget("v1") } });
  await app.ready();
  const read = async () =>
    JSON.parse(
      await world.plane.kubectl(["get", "-n", "versions", "gadgets.shop.example/one", "-o=json"]),
    );
  const { uid } = (await read()).metadata;
  await app.deploy(gadget("v2"));
  const moved = await read();
  expect(moved.metadata.uid).toBe(uid);
  expect(moved.spec).toEqual({ size: "v2" });
  const mark = await world.audit.mark();
  await app.refresh();
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
});

test("a ServiceAccount that has lost its rights is told, prunes nothing, and goes on when it has them", async () => {
  const tenant = await world.createTenant("weakened");
  const app = await tenant.application("shop", { files: settings("1") });
  await app.ready();
  await world.api.delete("RoleBinding", "weakened", "deployer");
  await app.push({ ...settings("2"), "deploy/new.yaml": manifest(configMap("new", {})) });
  await app.condition("Stalled", "True", "Forbidden");
  expect(await liveValue("weakened")).toBe("1");
  await tenant.bindAgain();
  await app.refresh();
  await app.ready();
  expect(await liveValue("weakened")).toBe("2");
});

// Last: after a restart of the controller what was refused is tried again, which other tests would see.
describe("a refresh after a terminal error makes a whole run", () => {
  const renders = async (app: ApplicationHandle, result: string) =>
    total(await world.controller.metrics(), "mooring_renders_total", { ...app.labels, result });

  test("of a revision that does not render", async () => {
    const tenant = await world.createTenant("unreadable");
    const app = await tenant.application("shop", { files: { "deploy/s.yaml": "kind: [" } });
    await app.condition("Stalled", "True", "InvalidManifest");
    const before = await renders(app, "InvalidManifest");
    const answer = await app.refresh();
    expect(conditionOf(answer, "Stalled")?.status).toBe("True");
    expect(await renders(app, "InvalidManifest")).toBe(before + 1);
  });

  test("of an object that the API refused", async () => {
    const tenant = await world.createTenant("refused");
    const app = await tenant.application("shop", {
      files: { "deploy/s.yaml": manifest({ ...configMap("settings", {}), data: { v: 1 } }) },
    });
    await app.condition("Stalled", "True");
    const mark = await world.audit.mark();
    await app.refresh();
    const tries = (await world.audit.requestsSince(mark)).filter(
      ({ verb, objectRef }) => verb === "patch" && objectRef?.name === "settings",
    );
    expect(tries).toHaveLength(1);
  });

  test("that is answered where the source is never come to", async () => {
    const tenant = await world.createTenant("unsupported");
    const app = await tenant.application("shop", {
      files: settings("1"),
      spec: { project: "another" },
    });
    await app.condition("Stalled", "True", "Unsupported");
    const answer = await app.refresh();
    expect(conditionOf(answer, "Ready")?.reason).toBe("Unsupported");
  });
});
