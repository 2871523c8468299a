import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { untilServed } from "../cluster/served.ts";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { configMap, definition, deployment, manifest } from "./harness/manifests.ts";
import { total } from "./harness/metrics.ts";
import { conditionOf } from "./harness/status.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
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
    await untilServed(world.plane, "gadgets.shop.example");
    await later.ready();
    await world.plane.kubectl(["get", "-n", "kinds", "gadgets.shop.example/one"]);
  });
});
