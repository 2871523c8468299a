import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import { kubectlEdit } from "./harness/kubectl-edit.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

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

describe("without selfHeal", () => {
  test("drift is told by condition, Event, metric and status, and stays until a commit changes the objects", async () => {
    const app = await install("reported", { selfHeal: false });
    await world.api.patch(
      "ConfigMap",
      "reported",
      "settings",
      { data: { colour: "red" } },
      { manager: "somebody" },
    );
    await app.condition("Drifted", "True");
    const { status } = await app.get();
    expect(status).toMatchObject({ sync: "OutOfSync", objects: { drifted: 1, total: 3 } });
    expect(status?.lastDrift).toMatchObject({
      name: "settings",
      fields: ["data.colour"],
      manager: "somebody",
      healed: false,
    });
    const [event, second] = await app.told("DriftDetected");
    expect(event).toMatchObject({ type: "Warning" });
    expect(event?.note).toContain("data.colour by somebody");
    expect(second).toBeUndefined();
    const metrics = await world.controller.metrics();
    expect(total(metrics, "mooring_application_objects", { ...app.labels, state: "drifted" })).toBe(
      1,
    );

    const mark = await world.audit.mark();
    await app.refresh();
    await app.push({}, { message: "Nothing" });
    expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
    expect((await settingsOf("reported")).data.colour).toBe("red");
    expect(await app.told("DriftDetected")).toHaveLength(1);

    await app.deploy({ "deploy/other.yaml": manifest(configMap("other", { shape: "oval" })) });
    expect((await settingsOf("reported")).data.colour).toBe("blue");
    expect((await world.api.read("ConfigMap", "reported", "other")).data.shape).toBe("oval");
    await app.condition("Drifted", "False");
  });

  test("drift that its author undoes is no drift any more", async () => {
    const app = await install("undone", { selfHeal: false });
    await world.api.patch("ConfigMap", "undone", "settings", { data: { colour: "red" } });
    await app.condition("Drifted", "True");
    await world.api.patch("ConfigMap", "undone", "settings", { data: { colour: "blue" } });
    await app.condition("Drifted", "False");
    await app.ready();
    await app.refresh();
    await world.api.patch("ConfigMap", "undone", "settings", { data: { colour: "red" } });
    await app.condition("Drifted", "True");
  });

  test("a sidecar added by kubectl edit is told, and goes on being told", async () => {
    const app = await install("told-sidecar", { selfHeal: false });
    await kubectlEdit(
      world.plane,
      ["-n", "told-sidecar", "deployment/web"],
      "- image: example.com/app:1",
      "- image: example.com/miner:1\n  name: miner\n- image: example.com/app:1",
    );
    await app.condition("Drifted", "True");
    const { status } = await app.refresh();
    expect(status?.lastDrift).toMatchObject({ kind: "Deployment", manager: "kubectl-edit" });
    await app.condition("Drifted", "True");
    expect((await webOf("told-sidecar")).spec.template.spec.containers).toHaveLength(2);
  });
});

describe.each(["observe", "warn"] as const)("in mode %s", (mode) => {
  test("differences are told and nothing is written to any object", async () => {
    const namespace = `mode-${mode}`;
    const tenant = await world.createTenant(namespace);
    await world.api.create(configMap("settings", { colour: "red", size: "small" }, { namespace }));
    const mark = await world.audit.mark();
    const app = await tenant.application("shop", { files, spec: { mode } });
    await app.condition("Synced", "False", "OutOfSync");
    const { status } = await app.get();
    const told = Object.fromEntries((status?.problems ?? []).map((one) => [one.name, one]));
    expect(Object.keys(told).sort()).toEqual(["other", "settings", "web"]);
    expect(told.settings?.message).toContain("data.colour");
    const { metadata } = await settingsOf(namespace);
    expect(metadata.labels ?? {}).toEqual({});

    await world.api.patch("ConfigMap", namespace, "settings", { data: { colour: "blue" } });
    await app.until("settings to agree", ({ status }) =>
      Boolean(status?.problems?.every(({ name }) => name !== "settings")),
    );
    await world.api.patch("ConfigMap", namespace, "settings", { data: { size: "large" } });
    await app.until("settings to differ", ({ status }) =>
      Boolean(status?.problems?.some(({ message }) => message.includes("data.size"))),
    );
    const writes = await world.audit.targetWritesSince(mark);
    expect(writes.map(inWords)).toEqual([]);
    if (mode === "observe") expect(await app.events("DriftDetected")).toEqual([]);
    else
      expect((await app.told("DriftDetected")).map(({ note }) => note).join()).toContain(
        "data.colour",
      );
  });
});
