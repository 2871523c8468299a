/**
 * Two minutes without an apiserver; what else belongs to the life of an installation, in another
 * cluster meanwhile: that one is lost, this one is restored from Git.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lastingPort } from "../../cluster/ports.ts";
import { type GitServer, startGitServer } from "../../git/server.ts";
import { ApplicationHandle } from "../harness/application-handle.ts";
import { inWords } from "../harness/audit.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import type { RunningController } from "../harness/controller.ts";
import { commandsOf } from "../harness/documented-commands.ts";
import { exampleFile, exampleRepository } from "../harness/example-repository.ts";
import type { KubeApi, TestObject } from "../harness/kube-api.ts";
import { configMap, deployment, manifest, secret, service } from "../harness/manifests.ts";
import { chart } from "../harness/sources.ts";
import { conditionOf } from "../harness/status.ts";
import { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";
import { startWorld, type World } from "../harness/world.ts";

const outageMs = 120_000;
const inTurn = { concurrent: false };
const deadlineMs = 180_000;
/** A replaced credential is used within it. */
const minuteMs = 60_000;

let world: World;
let standby: RunningController;
let fresh: Cluster;
let locked: GitServer;
let backup: string;
beforeAll(async () => {
  [world, fresh, locked, backup] = await Promise.all([
    startWorld({ nodes: 1, port: await lastingPort() }),
    startCluster({ nodes: 1 }),
    startGitServer({ credentials: { user: "robot", password: "the-first-password" } }),
    mkdtemp(join(tmpdir(), "mooring-backup-")),
  ]);
  standby = await world.controllers.start({ identity: "replica-1" });
}, 180_000);
afterAll(async () => {
  await Promise.all([world?.stop(), fresh?.stop(), locked?.stop()]);
  if (backup !== undefined) await rm(backup, { recursive: true });
});

const restoredNamespaces = ["cluster-prod", "shop-prod", "catalogue-prod"];
/** Namespace and name of the Applications of the example's prod, and of a chart beside them. */
const restored: readonly [namespace: string, name: string][] = [
  ["cluster-prod", "cluster"],
  ["shop-prod", "shop"],
  ["catalogue-prod", "catalogue"],
  ["shop-prod", "drawn"],
];
const drawnSecret = `
apiVersion: v1
kind: Secret
metadata:
  name: drawn
stringData:
  password: {{ randAlphaNum 32 | quote }}
`;

/** What the cluster `world` has of the example, before anything happens to it. */
let lost: Promise<{ objects: object[]; password: string }>;
beforeAll(() => {
  lost = (async () => {
    const repository = await exampleRepository("monorepo", "monorepo", world.git);
    const beside = await repository.git(["show", "main:clusters/prod/shop.yaml"]);
    await repository.commit({
      ...chart("apps/drawn", { templates: { "secret.yaml": drawnSecret } }),
      "clusters/prod/drawn.yaml": beside
        .replace("name: shop\n", "name: drawn\n")
        .replace("apps/shop/overlays/prod", "apps/drawn"),
    });
    await world.plane.kubectl(["apply", "-f", "-"], await bootstrapFile());
    await allReady(world.api);
    return { objects: await normalised(world.api), password: await password(world.api) };
  })();
  return lost.then(() => undefined);
}, deadlineMs);

function bootstrapFile(): Promise<string> {
  return exampleFile("monorepo/bootstrap/prod.yaml", world.git);
}

async function allReady(api: KubeApi): Promise<void> {
  for (const [namespace, name] of restored)
    await handle(api, namespace, name).ready(undefined, deadlineMs);
}

function handle(api: KubeApi, namespace: string, name: string): ApplicationHandle {
  // Nothing is committed by it.
  return new ApplicationHandle(api, undefined as never, namespace, name);
}

async function password(api: KubeApi): Promise<string> {
  return (await api.read("Secret", "shop-prod", "drawn")).data.password;
}

/** Everything of the restored namespaces but what a cluster gives an object by itself. */
async function normalised(api: KubeApi): Promise<object[]> {
  const kinds = [
    "Application",
    "ConfigMap",
    "Deployment",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
  ] as const;
  const objects: TestObject[] = [];
  for (const namespace of restoredNamespaces)
    for (const kind of kinds)
      for (const object of await api.list(kind, namespace)) objects.push({ ...object, kind });
  return objects
    .filter(({ metadata }) => metadata.name !== "kube-root-ca.crt")
    .map(({ kind, metadata, spec, data, ...rest }) => ({
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
      labels: metadata.labels,
      annotations: { ...metadata.annotations, "deployment.kubernetes.io/revision": undefined },
      finalizers: metadata.finalizers,
      spec: kind === "Service" ? { ...spec, clusterIP: undefined, clusterIPs: undefined } : spec,
      // Drawn at random; its hash is in the annotations of another one.
      data: kind === "Secret" ? Object.keys(data ?? {}) : data,
      roleRef: rest.roleRef,
      subjects: rest.subjects,
    }))
    .map((object) => (object.kind === "Secret" ? { ...object, annotations: undefined } : object));
}

test.concurrent("two minutes without an apiserver: nothing is pruned, nothing ends, and what was pushed and changed meanwhile is caught up", async () => {
  const { api, plane, audit } = world;
  const tenant = await world.createTenant("away");
  const files = (colour: string) => ({
    "deploy/web.yaml": manifest(deployment("web", { replicas: 2 }), service("web")),
    "deploy/settings.yaml": manifest(configMap("settings", { colour })),
    "deploy/banner.yaml": manifest(configMap("banner", { text: "open" })),
  });
  const app = await tenant.application("shop", { files: files("blue"), spec: { interval: "5s" } });
  await app.ready(undefined, deadlineMs);
  await lost;
  const uids = async () =>
    (await Promise.all([api.list("Deployment", ""), api.list("ConfigMap", "")]))
      .flat()
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.uid}`)
      .sort();
  const before = await uids();
  const mark = await audit.mark();

  await plane.apiServer.kill();
  const over = Date.now() + outageMs;
  const commit = await app.commit(files("green"));
  await waitFor(
    "the Lease to be lost",
    () => world.controller.log(),
    (log) => log.includes("Lease lost"),
    deadlineMs,
  );
  // Another apiserver of the same cluster still answers, to others.
  const other = await plane.apiServer.start("another port");
  const server = `--server=${other}`;
  await plane.kubectl([server, "scale", "deployment/web", "-n=away", "--replicas=7"]);
  await plane.kubectl([server, "delete", "configmap/banner", "-n=away"]);
  await plane.apiServer.kill();
  // The duration is what is tested.
  await delay(Math.max(0, over - Date.now()));
  for (const controller of [world.controller, standby])
    expect((await controller.probe("/healthz")).status).toBe(200);
  const said = (await world.controller.log()).split("\n").length;
  expect(said).toBeLessThan(2_000);
  await plane.apiServer.start();

  await app.ready(commit, deadlineMs);
  await waitFor(
    "the drift to be healed",
    async () => ({
      replicas: (await api.read("Deployment", "away", "web")).spec.replicas,
      banner: (await api.get("ConfigMap", "away", "banner"))?.data.text,
      colour: (await api.read("ConfigMap", "away", "settings")).data.colour,
    }),
    ({ replicas, banner, colour }) => replicas === 2 && banner === "open" && colour === "green",
    deadlineMs,
  );
  await allReady(api);
  const logs = await Promise.all([world.controller, standby].map((one) => one.log()));
  const leading = logs.filter(
    (log) => log.lastIndexOf("Lease acquired") > log.lastIndexOf("Lease lost"),
  );
  expect(leading).toHaveLength(1);
  for (const controller of [world.controller, standby])
    expect((await controller.probe("/readyz")).status).toBe(200);
  const writes = (await audit.targetWritesSince(mark)).filter(({ verb }) => verb === "delete");
  expect(writes.map(inWords)).toEqual([]);
  // The one that was deleted while it was away is a new one.
  const known = (all: readonly string[]) => all.filter((one) => !one.startsWith("away/banner "));
  expect(known(await uids())).toEqual(known(before));
});

describe.concurrent("a new cluster", () => {
  const page = "how-to/restore.md";

  test("gets everything back from Git, by the commands of the documentation", inTurn, async () => {
    const { objects, password: drawn } = await lost;
    const bootstrap = join(backup, "bootstrap.yaml");
    await writeFile(bootstrap, await bootstrapFile());
    await fresh.read(await commandsOf(page, "Into a new cluster"), { BOOTSTRAP: bootstrap });
    await allReady(fresh.api);
    expect(await normalised(fresh.api)).toEqual(objects);
    // As the page says: not a copy of what was drawn, but the same way to make it.
    expect(await password(fresh.api)).not.toBe(drawn);
    expect(await password(fresh.api)).toHaveLength(drawn.length);
  });

  test(
    "keeps what charts have drawn when only Mooring's namespace is lost, by the kept Secret",
    inTurn,
    async () => {
      const [save = ""] = await commandsOf(page, "What to have outside of the cluster");
      await fresh.read([save], { BACKUP: backup });
      expect(await readFile(join(backup, "mooring-installation.yaml"), "utf8")).toContain(
        "renderSeed",
      );
      const before = await password(fresh.api);
      await fresh.read(["kubectl delete namespace/mooring-system --timeout=120s"]);
      const mark = await fresh.audit.mark();
      await fresh.read(await commandsOf(page, "Only Mooring's own namespace was lost"), {
        BACKUP: backup,
      });
      for (const [namespace, name] of restored) {
        const app = handle(fresh.api, namespace, name);
        await app.refresh(deadlineMs);
        await app.ready(undefined, deadlineMs);
      }
      expect(await password(fresh.api)).toBe(before);
      const writes = (await fresh.audit.targetWritesSince(mark)).map(inWords);
      expect(writes).toEqual([]);
    },
  );

  test(
    "uses a replaced Git credential within a minute, and says meanwhile that the old one is refused",
    inTurn,
    async () => {
      const controller = await fresh.deployed.follow();
      const files = (colour: string) => ({
        "deploy/settings.yaml": manifest(configMap("settings", { colour })),
      });
      const tenant = await Tenant.create("locked", fresh.api, locked);
      await fresh.api.create({
        ...secret("robot", { username: "robot", password: "the-first-password" }),
        metadata: { namespace: "locked", name: "robot" },
      });
      const app = await tenant.application("shop", {
        files: files("blue"),
        spec: { interval: "5s", source: { git: { secretRef: { name: "robot" } } } },
      });
      await app.ready(undefined, deadlineMs);
      const replace = (value: string) =>
        fresh.api.patch("Secret", "locked", "robot", { stringData: { password: value } });

      locked.authorize({ user: "robot", password: "the-second-password" });
      const green = await app.commit(files("green"));
      const { message } = await app.condition("Ready", "False", "SourceUnauthorized", deadlineMs);
      expect(message).toContain("secretRef");
      // What was deployed is still there, still told, and still healed.
      await fresh.api.patch("ConfigMap", "locked", "settings", { data: { colour: "black" } });
      await waitFor(
        "the drift to be healed",
        () => fresh.api.read("ConfigMap", "locked", "settings"),
        ({ data }) => data.colour === "blue",
        deadlineMs,
      );
      await replace("the-second-password");
      await app.ready(green, minuteMs);

      // In the right order nobody is told anything: the new one is there before the old one is revoked.
      const refusals = async () => (await app.events("SourceUnauthorized")).length;
      const told = await refusals();
      await replace("the-third-password");
      locked.authorize({ user: "robot", password: "the-third-password" });
      const red = await app.commit(files("red"));
      await app.ready(red, minuteMs);
      expect(await refusals()).toBe(told);
      expect(conditionOf(await app.get(), "Stalled")?.status).toBe("False");

      expect((await fresh.deployed.follow())?.pid).toBe(controller?.pid);
      const everything = `${JSON.stringify(await app.get())}${JSON.stringify(await app.events())}${await controller?.log()}`;
      expect(everything).not.toMatch(/the-(first|second|third)-password/);
    },
  );
});
