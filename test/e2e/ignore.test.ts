import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApplicationHandle } from "./harness/application-handle.ts";
import { inWords } from "./harness/audit.ts";
import type { TestObject } from "./harness/kube-api.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { waitFor } from "./harness/wait.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const web = { group: "apps", kind: "Deployment", name: "web" };
const replicas = { ...web, jsonPointers: ["/spec/replicas"] };
const files = {
  "deploy/web.yaml": manifest(deployment("web", { replicas: 2 })),
  "deploy/other.yaml": manifest(configMap("other", { shape: "round" })),
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

const webOf = (namespace: string) => world.api.read("Deployment", namespace, "web");
const replicasOf = (object: TestObject): number => object.spec.replicas;
const scale = (namespace: string, count: number) =>
  world.plane.kubectl(["scale", "-n", namespace, "deployment/web", `--replicas=${count}`]);
const image = (name: string) => ({
  "deploy/web.yaml": manifest(deployment("web", { replicas: 2, image: name })),
});

/** A heal of another object of the application: what came before it was seen. */
async function afterABarrier(namespace: string): Promise<void> {
  await world.api.patch("Deployment", namespace, "web", {
    metadata: { labels: { "applyset.kubernetes.io/part-of": null } },
  });
  await waitFor(
    "our label",
    () => webOf(namespace),
    ({ metadata }) => Boolean(metadata.labels?.["applyset.kubernetes.io/part-of"]),
  );
}

test("a rule on replicas, added to a running Deployment, never changes its replicas", async () => {
  const app = await install("added", { selfHeal: false });
  await scale("added", 5);
  await app.condition("Drifted", "True");
  const watch = await world.api.watch("Deployment", "added");
  await app.configure({ ignoreDifferences: [replicas], selfHeal: true });
  await app.ready();
  await app.deploy(image("example.com/app:2"));
  await scale("added", 7);
  await afterABarrier("added");
  await app.deploy(image("example.com/app:3"));
  await waitFor("the watch", () =>
    watch.seen.some(({ spec }) => spec.template.spec.containers[0].image.endsWith(":3")),
  );
  watch.stop();
  expect([...new Set(watch.seen.map(replicasOf))]).toEqual([5, 7]);
  const live = await webOf("added");
  expect(live.spec.replicas).toBe(7);
  expect(live.spec.template.spec.containers[0].image).toBe("example.com/app:3");
});

test("a rule that is there from the start takes the value of Git at creation, and leaves it from then on", async () => {
  const app = await install("from-start", { ignoreDifferences: [replicas] });
  expect((await webOf("from-start")).spec.replicas).toBe(2);
  await scale("from-start", 4);
  const mark = await world.audit.mark();
  await app.refresh();
  await app.ready();
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
  await app.deploy(image("example.com/app:2"));
  expect((await webOf("from-start")).spec.replicas).toBe(4);
});

test("a rule outlives a restart of the controller", async () => {
  const app = await install("restart", { ignoreDifferences: [replicas] });
  await scale("restart", 6);
  await world.controller.end("SIGTERM");
  const mark = await world.audit.mark();
  world.controller = await world.controllers.start();
  await app.deploy(image("example.com/app:2"));
  expect((await webOf("restart")).spec.replicas).toBe(6);
  const writes = (await world.audit.targetWritesSince(mark)).filter(
    ({ objectRef }) => objectRef?.namespace === "restart",
  );
  expect(new Set(writes.map(inWords))).toEqual(new Set(["patch deployments restart/web"]));
});

test("a rule that is removed gives the field back to Git", async () => {
  const app = await install("removed", { ignoreDifferences: [replicas] });
  await scale("removed", 3);
  await app.configure({ ignoreDifferences: [] });
  await waitFor(
    "Git's value",
    () => webOf("removed"),
    (seen) => replicasOf(seen) === 2,
  );
  await app.ready();
});

test("a jq expression picks one item of a list; its siblings are still held", async () => {
  const expression = '.spec.template.spec.containers[] | select(.name == "app") | .image';
  const app = await install("jq", {
    ignoreDifferences: [{ ...web, jqPathExpressions: [expression] }],
  });
  await world.plane.kubectl([
    "set",
    "image",
    "-n",
    "jq",
    "deployment/web",
    "app=example.com/app:9",
  ]);
  await scale("jq", 5);
  const healed = await waitFor(
    "the replicas",
    () => webOf("jq"),
    (seen) => replicasOf(seen) === 2,
  );
  expect(healed.spec.template.spec.containers[0].image).toBe("example.com/app:9");
  await app.ready();
  expect((await webOf("jq")).spec.template.spec.containers[0].image).toBe("example.com/app:9");
});

test("fields of a named manager are left to it, the same fields of another are not", async () => {
  const app = await install("managers", {
    ignoreDifferences: [{ ...web, managedFieldsManagers: ["autoscaler"] }],
  });
  await world.api.patch(
    "Deployment",
    "managers",
    "web",
    { spec: { replicas: 5 } },
    { manager: "autoscaler" },
  );
  await afterABarrier("managers");
  expect((await webOf("managers")).spec.replicas).toBe(5);
  await app.deploy(image("example.com/app:2"));
  expect((await webOf("managers")).spec.replicas).toBe(5);
  await world.api.patch(
    "Deployment",
    "managers",
    "web",
    {
      spec: { template: { spec: { containers: [{ name: "app", image: "example.com/evil:1" }] } } },
    },
    { manager: "somebody", type: "strategic" },
  );
  const healed = await waitFor(
    "the image",
    () => webOf("managers"),
    ({ spec }) => spec.template.spec.containers[0].image === "example.com/app:2",
  );
  expect(replicasOf(healed)).toBe(5);
});

test("a jq expression that cannot be read is a clear error, and nothing is written", async () => {
  const tenant = await world.createTenant("bad-jq");
  const app = await tenant.application("shop", {
    files,
    spec: { ignoreDifferences: [{ ...web, jqPathExpressions: [".spec["] }] },
  });
  const { message } = await app.condition("Stalled", "True", "InvalidSpec");
  expect(message).toContain(".spec[");
  expect(await world.api.get("Deployment", "bad-jq", "web")).toBeUndefined();
});
