import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitServer, startGitServer } from "../../git/server.ts";
import { ApplicationHandle } from "../harness/application-handle.ts";
import { inWords } from "../harness/audit.ts";
import { type Cluster, install, startCluster } from "../harness/cluster.ts";
import { commandsOf } from "../harness/documented-commands.ts";
import type { TestObject } from "../harness/kube-api.ts";
import { configMap, deployment, manifest, service } from "../harness/manifests.ts";
import { chart, configMapTemplate } from "../harness/sources.ts";
import { Tenant } from "../harness/tenant.ts";
import { waitFor } from "../harness/wait.ts";

const page = "how-to/uninstall.md";
const deadlineMs = 120_000;
const marks = /mooring|applyset/;

let cluster: Cluster;
let git: GitServer;
beforeAll(async () => {
  [cluster, git] = await Promise.all([startCluster({ nodes: 1 }), startGitServer()]);
  await install(cluster);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await git?.stop();
});

const web = manifest(deployment("web", { replicas: 2 }), service("web"));

/**
 * A team with an application of manifests, one of a chart, and one that deploys a third one, all in
 * its namespace; what they deploy is in another one.
 */
async function team(name: string): Promise<{ names: string[]; live: string }> {
  const tenant = await Tenant.create(name, cluster.api, git);
  const live = `${name}-live`;
  await tenant.addNamespace(live);
  await tenant.grantInCluster([
    {
      apiGroups: ["mooring.dev"],
      resources: ["applications"],
      verbs: ["get", "create", "patch", "delete"],
    },
  ]);
  const destination = { namespace: live };
  const shop = await tenant.application("shop", {
    files: { "deploy/web.yaml": web },
    spec: { destination },
  });
  const charts = await tenant.application("charts", {
    files: chart("deploy", {
      name: "web",
      templates: {
        "c.yaml": configMapTemplate("drawn", { value: "{{ randAlphaNum 8 | quote }}" }),
      },
    }),
    spec: { destination },
  });
  const source = await tenant.application("source", {
    files: { "deploy/child.yaml": manifest(configMap("child", { of: "parent" })) },
    spec: { destination },
  });
  const { spec } = await source.get();
  const parent = await tenant.application("parent", {
    files: {
      "deploy/application.yaml": manifest({
        apiVersion: "mooring.dev/v1alpha1",
        kind: "Application",
        metadata: { name: "source" },
        spec,
      }),
    },
  });
  await Promise.all([shop, charts, source, parent].map((app) => app.ready(undefined, deadlineMs)));
  return { names: ["charts", "parent", "shop", "source"], live };
}

/** What the applications deployed, without what its own controllers go on writing. */
async function deployed(namespace: string): Promise<TestObject[]> {
  const all = await Promise.all(
    (["Deployment", "Service", "ConfigMap", "Pod"] as const).map((kind) =>
      cluster.api.list(kind, namespace),
    ),
  );
  return all.flat();
}

const identity = (objects: readonly TestObject[]) =>
  objects.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();
const crd = () => cluster.api.get("CustomResourceDefinition", "", "applications.mooring.dev");
const namespaceOf = (name: string) => cluster.api.get("Namespace", "", name);

test("in the documented order workloads go on running without marks, and nothing hangs", async () => {
  const { live } = await team("orderly");
  const before = await deployed(live);
  expect(before.map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(["web", "drawn", "child"]),
  );
  const mark = await cluster.audit.mark();
  await cluster.read(await commandsOf(page, "In this order"));

  expect(await crd()).toBeUndefined();
  expect(await namespaceOf("mooring-system")).toBeUndefined();
  const after = await deployed(live);
  expect(identity(after)).toEqual(identity(before));
  for (const { metadata } of after.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt")) {
    expect(JSON.stringify([metadata.labels, metadata.annotations])).not.toMatch(marks);
    const managers = (metadata.managedFields ?? []).map(({ manager }) => manager);
    expect(managers.join()).not.toMatch(/mooring\./);
    expect(metadata.finalizers ?? []).toEqual([]);
  }
  const writes = await cluster.audit.targetWritesSince(mark);
  expect(writes.filter(({ verb }) => verb === "delete").map(inWords)).toEqual([]);
  // No roles, no webhooks: what is left in the cluster is the applications' own.
  const left = await cluster.plane.kubectl([
    ...["get", "clusterroles,clusterrolebindings,crds,priorityclasses", "-o=name"],
    "--selector=app.kubernetes.io/part-of=mooring",
  ]);
  expect(left).toBe("");
});

test("installed again, an Application takes up the objects that it had let go", async () => {
  const before = identity(await deployed("orderly-live"));
  await install(cluster);
  const again = Tenant.of("orderly", cluster.api, git);
  const app = await again.application("shop", {
    files: {},
    repository: "again",
    spec: {
      destination: { namespace: "orderly-live" },
      source: { git: { url: git.url("orderly/shop") } },
    },
  });
  await app.ready(undefined, deadlineMs);
  expect(identity(await deployed("orderly-live"))).toEqual(before);
  const { labels } = (await cluster.api.read("Deployment", "orderly-live", "web")).metadata;
  expect(Object.keys(labels ?? {}).join()).toContain("applyset.kubernetes.io/part-of");
});

test("a CRD that is deleted first takes no workload with it: its Applications say what to do", async () => {
  const before = identity(await deployed("orderly-live"));
  const controller = await cluster.deployed.follow();
  await cluster.read(["kubectl delete --wait=false crd/applications.mooring.dev"]);
  const app = new ApplicationHandle(cluster.api, undefined as never, "orderly", "shop");
  const { message } = await app.condition("Stalled", "True", "PruneHeld", deadlineMs);
  expect(message).toMatch(/the CRD of Applications is being deleted.*deletionPolicy to orphan/);
  expect(identity(await deployed("orderly-live"))).toEqual(before);

  await cluster.read(await commandsOf(page, "After the wrong order: the CRD first"));
  expect(await crd()).toBeUndefined();
  expect(identity(await deployed("orderly-live"))).toEqual(before);

  // The same controller goes on once there is a CRD again.
  await install(cluster);
  const again = await Tenant.of("orderly", cluster.api, git).application("shop", {
    files: {},
    repository: "again",
    spec: {
      destination: { namespace: "orderly-live" },
      source: { git: { url: git.url("orderly/shop") } },
    },
  });
  await again.ready(undefined, deadlineMs);
  expect(identity(await deployed("orderly-live"))).toEqual(before);
  expect((await cluster.deployed.follow())?.pid).toBe(controller?.pid);
});

test("after the wrong order a hanging CRD and namespace go away as documented, and workloads run on", async () => {
  const { names, live } = await team("hasty");
  const before = identity(await deployed(live));
  await cluster.read(["kubectl delete deployment/mooring --namespace=mooring-system"]);
  await cluster.read(["kubectl delete --wait=false crd/applications.mooring.dev"]);
  await cluster.read(["kubectl delete --wait=false namespace/hasty"]);
  await waitFor(
    "the namespace to say what holds it",
    () => namespaceOf("hasty"),
    (namespace) => JSON.stringify(namespace?.status).includes("mooring.dev/deletion-policy"),
    deadlineMs,
  );
  expect((await crd())?.metadata.deletionTimestamp).toBeDefined();
  const held = await cluster.api.list("Application", "hasty");
  expect(held.map(({ metadata }) => metadata.name).sort()).toEqual(names);

  await cluster.read(await commandsOf(page, "After the wrong order: the controller first"));
  for (const look of [crd, () => namespaceOf("hasty")])
    await waitFor("what hung to be gone", look, (found) => found === undefined, deadlineMs);
  expect(identity(await deployed(live))).toEqual(before);
  await cluster.read(["kubectl delete --ignore-not-found -f deploy/install.yaml"]);
  expect(identity(await deployed(live))).toEqual(before);
});
