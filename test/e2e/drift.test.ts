import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords, succeeded } from "./harness/audit.ts";
import type { TestObject } from "./harness/kube-api.ts";
import { kubectlEdit } from "./harness/kubectl-edit.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";
const files = {
  "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue", size: "small" })),
  "deploy/other.yaml": manifest(configMap("other", { shape: "round" })),
  "deploy/web.yaml": manifest(deployment("web", { replicas: 2 })),
};

async function install(
  namespace: string,
  spec: Readonly<Record<string, unknown>> = {},
): Promise<ApplicationHandle> {
  const tenant = await world.createTenant(namespace);
  const app = await tenant.application("shop", { files, spec });
  await app.ready();
  return app;
}

const settingsOf = (namespace: string) => world.api.read("ConfigMap", namespace, "settings");
const webOf = (namespace: string) => world.api.read("Deployment", namespace, "web");

/** What managers other than ours, kubectl's included, and the cluster's own hold is no matter. */
function ours({ metadata }: TestObject): object | undefined {
  return metadata.managedFields?.find(
    ({ manager, operation }) => manager.startsWith("mooring.") && operation === "Apply",
  )?.fieldsV1;
}

/** Edits another object of the same kind and waits for its heal: what came before it was seen. */
async function afterABarrier(namespace: string, kind: "ConfigMap" | "Deployment"): Promise<void> {
  const [name, change, isHealed] =
    kind === "ConfigMap"
      ? ([
          "other",
          { data: { shape: "square" } },
          (object: TestObject) => object.data.shape === "round",
        ] as const)
      : ([
          "web",
          { spec: { replicas: 3 } },
          (object: TestObject) => object.spec.replicas === 2,
        ] as const);
  await world.api.patch(kind, namespace, name, change);
  await waitFor(
    `${kind} ${name} to be healed`,
    () => world.api.read(kind, namespace, name),
    isHealed,
  );
}

describe("with selfHeal", () => {
  test("an edited field is set back, and status, Event and metrics tell who did it", async () => {
    const app = await install("edited");
    await world.api.patch(
      "ConfigMap",
      "edited",
      "settings",
      { data: { colour: "red" } },
      { manager: "somebody" },
    );
    await waitFor(
      "the heal",
      () => settingsOf("edited"),
      ({ data }) => data.colour === "blue",
    );
    const { status } = await app.until("the heal in status", ({ status }) =>
      Boolean(status?.lastDrift?.healed),
    );
    expect(status?.lastDrift).toMatchObject({
      kind: "ConfigMap",
      name: "settings",
      fields: ["data.colour"],
      manager: "somebody",
    });
    const [event] = await app.told("DriftHealed");
    expect(event?.note).toContain("data.colour by somebody");
    const metrics = await world.controller.metrics();
    expect(total(metrics, "mooring_heals_total", app.labels)).toBe(1);
    expect(total(metrics, "mooring_heal_latency_seconds_count")).toBeGreaterThan(0);
    await app.ready();
  });

  test("a deleted object is created anew", async () => {
    const app = await install("deleted");
    const { uid } = (await settingsOf("deleted")).metadata;
    await world.api.delete("ConfigMap", "deleted", "settings");
    const anew = await waitFor("the object", () => settingsOf("deleted"));
    expect(anew.metadata.uid).not.toBe(uid);
    expect(anew.data).toEqual({ colour: "blue", size: "small" });
    await app.ready();
  });

  test("a removed key comes back", async () => {
    await install("keys");
    await world.api.patch("ConfigMap", "keys", "settings", { data: { size: null } });
    await waitFor(
      "the key",
      () => settingsOf("keys"),
      ({ data }) => data.size === "small",
    );
  });

  test("our label, removed, comes back", async () => {
    await install("labels");
    const before = await settingsOf("labels");
    await world.api.patch("ConfigMap", "labels", "settings", {
      metadata: { labels: { [partOf]: null } },
    });
    const after = await waitFor(
      "the label",
      () => settingsOf("labels"),
      ({ metadata }) => metadata.labels?.[partOf] !== undefined,
    );
    expect(after.metadata.labels).toEqual(before.metadata.labels);
    expect(after.metadata.uid).toBe(before.metadata.uid);
  });

  test("kubectl scale is undone", async () => {
    const app = await install("scaled");
    await world.plane.kubectl(["scale", "-n", "scaled", "deployment/web", "--replicas=5"]);
    await waitFor(
      "the heal",
      () => webOf("scaled"),
      ({ spec }) => spec.replicas === 2,
    );
    const { status } = await app.until("the heal in status", ({ status }) =>
      Boolean(status?.lastDrift?.healed),
    );
    expect(status?.lastDrift).toMatchObject({ kind: "Deployment", fields: ["spec.replicas"] });
    await app.ready();
  });

  test("a sidecar added by kubectl edit is removed, and what kubectl rollout restart adds stays", async () => {
    const app = await install("sidecar");
    await kubectlEdit(
      world.plane,
      ["-n", "sidecar", "deployment/web"],
      "- image: example.com/app:1",
      "- image: example.com/miner:1\n  name: miner\n- image: example.com/app:1",
    );
    const healed = await waitFor(
      "the sidecar to go",
      () => webOf("sidecar"),
      ({ metadata, spec }) =>
        (metadata.generation ?? 0) > 1 && spec.template.spec.containers.length === 1,
    );
    expect(healed.spec.template.spec.containers[0].name).toBe("app");
    await app.ready();
    const mark = await world.audit.mark();
    await world.plane.kubectl(["rollout", "restart", "-n", "sidecar", "deployment/web"]);
    await afterABarrier("sidecar", "ConfigMap");
    await afterABarrier("sidecar", "Deployment");
    const { annotations } = (await webOf("sidecar")).spec.template.metadata;
    expect(annotations).toHaveProperty(["kubectl.kubernetes.io/restartedAt"]);
    const writes = (await world.audit.targetWritesSince(mark)).filter(succeeded).map(inWords);
    expect(writes.filter((write) => write.includes("deployments"))).toEqual([
      "patch deployments sidecar/web",
    ]);
  });

  test("a key added by kubectl is removed, one added by a program stays", async () => {
    const app = await install("additions");
    await world.api.patch(
      "ConfigMap",
      "additions",
      "settings",
      { data: { program: "1" } },
      { manager: "some-controller" },
    );
    await world.plane.kubectl([
      ...["patch", "-n", "additions", "configmap/settings", "--type=merge"],
      `--patch=${JSON.stringify({ data: { person: "1" } })}`,
    ]);
    await waitFor(
      "the heal",
      () => settingsOf("additions"),
      ({ data }) => !("person" in data),
    );
    await app.ready();
    expect((await settingsOf("additions")).data).toEqual({
      colour: "blue",
      size: "small",
      program: "1",
    });
  });

  test("kubectl replace is undone, our label included", async () => {
    const app = await install("replaced");
    const { uid } = (await settingsOf("replaced")).metadata;
    await world.plane.kubectl(
      ["replace", "-n", "replaced", "-f", "-"],
      manifest(configMap("settings", { colour: "red" })),
    );
    const healed = await waitFor(
      "the heal",
      () => settingsOf("replaced"),
      ({ data }) => data.colour === "blue" && data.size === "small",
    );
    expect(healed.metadata.uid).toBe(uid);
    expect(healed.metadata.labels).toHaveProperty([partOf]);
    await app.ready();
  });

  test("wiped managedFields are claimed anew, so that a field dropped in Git still goes", async () => {
    const app = await install("wiped");
    await world.api.patch(
      "ConfigMap",
      "wiped",
      "settings",
      [{ op: "replace", path: "/metadata/managedFields", value: [{}] }],
      { type: "json" },
    );
    await waitFor(
      "our claim",
      () => settingsOf("wiped"),
      (seen) => ours(seen) !== undefined,
    );
    await app.deploy({
      "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
    });
    expect((await settingsOf("wiped")).data).toEqual({ colour: "blue" });
  });

  test("an object that is being deleted is left alone until it is gone, then created anew", async () => {
    const app = await install("finalized");
    await world.api.patch("ConfigMap", "finalized", "settings", {
      metadata: { finalizers: ["shop.example/wait"] },
    });
    await world.api.delete("ConfigMap", "finalized", "settings");
    const mark = await world.audit.mark();
    await afterABarrier("finalized", "ConfigMap");
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
      "patch configmaps finalized/other",
    ]);
    const { uid } = (await settingsOf("finalized")).metadata;
    await world.api.patch("ConfigMap", "finalized", "settings", { metadata: { finalizers: [] } });
    await waitFor(
      "the new object",
      () => settingsOf("finalized"),
      ({ metadata }) => metadata.uid !== uid,
    );
    await app.ready();
  });
});

describe("what is no drift", () => {
  test("a foreign annotation and a foreign label bring no write at all", async () => {
    await install("annotated");
    const mark = await world.audit.mark();
    await world.api.patch("ConfigMap", "annotated", "settings", {
      metadata: { annotations: { "example.com/note": "mine" }, labels: { mine: "too" } },
    });
    await afterABarrier("annotated", "ConfigMap");
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
      "patch configmaps annotated/other",
    ]);
    expect((await settingsOf("annotated")).metadata.annotations).toMatchObject({
      "example.com/note": "mine",
    });
  });

  test("a status write brings no write at all", async () => {
    await install("statuses");
    const mark = await world.audit.mark();
    const before = await webOf("statuses");
    const condition = { type: "Example", status: "True", reason: "Test", message: "by hand" };
    await world.api.patch(
      "Deployment",
      "statuses",
      "web",
      { status: { conditions: [...before.status.conditions, condition] } },
      { subresource: "status" },
    );
    await afterABarrier("statuses", "Deployment");
    const writes = (await world.audit.targetWritesSince(mark)).filter(succeeded).map(inWords);
    expect(writes).toEqual(["patch deployments statuses/web"]);
  });

  test("the same value, set by another, brings no write at all", async () => {
    await install("agreed");
    const mark = await world.audit.mark();
    await world.api.patch("ConfigMap", "agreed", "settings", { data: { colour: "blue" } });
    await afterABarrier("agreed", "ConfigMap");
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([
      "patch configmaps agreed/other",
    ]);
  });
});

describe("a second pass with nothing new", () => {
  test("asked for by annotation writes no object", async () => {
    const app = await install("asked");
    const mark = await world.audit.mark();
    await app.refresh();
    await app.ready();
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  });

  test("after an empty commit writes no object", async () => {
    const app = await install("empty-commit");
    const mark = await world.audit.mark();
    await app.deploy({}, { message: "Nothing" });
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  });

  test("after a restart of the controller writes nothing at all, Leases aside", async () => {
    const app = await install("restarted");
    await world.controller.end("SIGTERM");
    const mark = await world.audit.mark();
    world.controller = await world.controllers.start();
    await waitFor("a run of every application", async () => {
      const metrics = await world.controller.metrics();
      const apps = await world.api.list("Application", "");
      const ran = apps.filter(
        ({ metadata: { namespace = "", name } }) =>
          total(metrics, "mooring_reconciles_total", { namespace, name }) > 0,
      );
      return ran.length === apps.length && total(metrics, "mooring_queue_depth") === 0;
    });
    await world.api.patch("ConfigMap", "restarted", "settings", { data: { colour: "red" } });
    await waitFor(
      "the heal",
      () => settingsOf("restarted"),
      ({ data }) => data.colour === "blue",
    );
    await app.until("the heal in status", ({ status }) => Boolean(status?.lastDrift?.healed));
    const [first] = (await world.audit.writesSince(mark)).map(inWords);
    expect(first).toBe("patch configmaps restarted/settings");
  });

  test("after drift happened while no controller ran, heals exactly that", async () => {
    await install("absent");
    await world.controller.end("SIGTERM");
    await world.api.patch("ConfigMap", "absent", "settings", { data: { colour: "red" } });
    await world.plane.kubectl(["scale", "-n", "absent", "deployment/web", "--replicas=4"]);
    const mark = await world.audit.mark();
    world.controller = await world.controllers.start();
    await waitFor(
      "the heal",
      () => settingsOf("absent"),
      ({ data }) => data.colour === "blue",
    );
    await waitFor(
      "the heal",
      () => webOf("absent"),
      ({ spec }) => spec.replicas === 2,
    );
    expect((await world.audit.targetWritesSince(mark)).map(inWords).sort()).toEqual([
      "patch configmaps absent/settings",
      "patch deployments absent/web",
    ]);
  });
});
