import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf } from "./harness/status.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const good = {
  "deploy/a.yaml": manifest(configMap("a", { v: "1" })),
  "deploy/b.yaml": manifest(configMap("b", { v: "1" })),
};

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
