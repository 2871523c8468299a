import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../../../src/cluster/api-error.ts";
import { Discovery } from "../../../src/cluster/discovery.ts";
import { jsonLines } from "../../../src/cluster/json-lines.ts";
import { objectPath } from "../../../src/cluster/objects.ts";
import type { Transport } from "../../../src/cluster/transport.ts";
import { watchKind } from "../../../src/cluster/watch.ts";
import type { KubeObject } from "../../../src/model/object.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { type Access, access, configMap, eventually, failure } from "./access.ts";
import { relayTo } from "./relay.ts";

let plane: ControlPlane;
let cluster: Access;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false, audit: false });
  cluster = await access(plane.adminKubeconfig);
}, 120_000);

afterAll(async () => {
  await cluster?.connection.close();
  await plane?.stop();
});

interface Watched {
  log: string[];
  /** By name, as the handler's owner would keep them. */
  known: Map<string, KubeObject>;
  stop(): Promise<void>;
}

function watchConfigMaps(transport: Transport, namespace: string, labelSelector?: string): Watched {
  const log: string[] = [];
  const known = new Map<string, KubeObject>();
  const stop = new AbortController();
  const name = (object: KubeObject): string => object.metadata.name ?? "";
  const running = watchKind({
    transport,
    resource: cluster.kind("v1", "ConfigMap"),
    namespace,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    metadataOnly: true,
    signal: stop.signal,
    timing: { pauseMs: 10, longestPauseMs: 100 },
    handler: {
      replaced(objects) {
        log.push("replaced");
        known.clear();
        for (const object of objects) known.set(name(object), object);
      },
      changed(object) {
        log.push(`changed ${name(object)}`);
        known.set(name(object), object);
      },
      deleted(object) {
        log.push(`deleted ${name(object)}`);
        known.delete(name(object));
      },
      unknown: () => log.push("unknown"),
      resumed: () => log.push("resumed"),
    },
  });
  return {
    log,
    known,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

describe("a metadata-only watch", () => {
  test("tells of creation, drift and deletion, with managedFields and without data", async () => {
    const ns = await cluster.namespace("watch");
    const kind = cluster.kind("v1", "ConfigMap");
    const { log, known, stop } = watchConfigMaps(cluster.transport, ns);
    await eventually("the first list", () => log.length === 1);
    await cluster.apply(configMap(ns, "a", { x: "1", y: "1" }));
    const seen = await eventually("the creation", () => known.get("a"));
    expect(seen).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    expect(seen).not.toHaveProperty("data");
    const claim = () =>
      known.get("a")?.metadata.managedFields?.find(({ manager }) => manager === "mooring.test")
        ?.fieldsV1?.["f:data"];
    expect(claim()).toMatchObject({ "f:x": {}, "f:y": {} });
    await cluster.objects.mergePatch(kind, ns, "a", { data: { x: "2" } }, { fieldManager: "foe" });
    await eventually("the drift", () => claim()?.["f:x"] === undefined && claim());
    expect(claim()).toHaveProperty("f:y");
    await cluster.objects.delete(kind, ns, "a", { uid: seen.metadata.uid ?? "" });
    await eventually("the deletion", () => !known.has("a"));
    expect(log).toEqual(["replaced", "changed a", "changed a", "deleted a"]);
    await stop();
  });

  test("selected by a label says deleted also when only the label went", async () => {
    const ns = await cluster.namespace("label");
    const kind = cluster.kind("v1", "ConfigMap");
    const { log, stop } = watchConfigMaps(cluster.transport, ns, "part-of");
    await eventually("the first list", () => log.length === 1);
    await cluster.apply(configMap(ns, "a", {}, { labels: { "part-of": "x" } }));
    await eventually("the creation", () => log.includes("changed a"));
    await cluster.objects.mergePatch(kind, ns, "a", { metadata: { labels: { "part-of": null } } });
    await eventually("the loss of the label", () => log.includes("deleted a"));
    expect(await cluster.objects.getMetadata(kind, ns, "a")).toBeDefined();
    await stop();
  });

  test("goes on without a gap and without a new list when its connection is cut", async () => {
    const ns = await cluster.namespace("cut");
    await using relay = await relayTo(plane.server);
    const kubeconfig = `${plane.adminKubeconfig}.relay`;
    const text = await readFile(plane.adminKubeconfig, "utf8");
    await writeFile(
      kubeconfig,
      text.replace(new URL(plane.server).host, `127.0.0.1:${relay.port}`),
    );
    const cuttable = await access(kubeconfig);
    const { log, known, stop } = watchConfigMaps(cuttable.transport, ns);
    await eventually("the first list", () => log.length === 1);
    for (let round = 1; round <= 5; round += 1) {
      relay.cut();
      await Promise.all([0, 1, 2].map((i) => cluster.apply(configMap(ns, `cm-${round}-${i}`, {}))));
      await eventually("what changed meanwhile", () => known.size === round * 3);
    }
    expect(log.filter((line) => line === "replaced")).toEqual(["replaced"]);
    expect(log).toContain("unknown");
    expect(log).toContain("resumed");
    await stop();
    await cuttable.connection.close();
  });

  test("of many kinds leaves the connections of requests alone", async () => {
    const ns = await cluster.namespace("watches");
    const watches = Array.from({ length: 60 }, () => watchConfigMaps(cluster.transport, ns));
    await eventually("all lists", () => watches.every(({ log }) => log.length > 0));
    await Promise.all(
      Array.from({ length: 64 }, (_, i) => cluster.apply(configMap(ns, `cm-${i}`))),
    );
    await eventually("all events", () => watches.every(({ known }) => known.size === 64));
    await Promise.all(watches.map(({ stop }) => stop()));
  });
});

test("a resourceVersion that is too old is 410, as an answer or as an ERROR event", async () => {
  await cluster.apply(customResourceDefinition("Old"));
  const old = await eventually("the kind is served", async () => {
    await cluster.discovery.refresh();
    return cluster.discovery.find("example.com/v1", "Old");
  });
  const custom = (name: string): KubeObject => ({
    apiVersion: "example.com/v1",
    kind: "Old",
    metadata: { namespace: "default", name },
  });
  await eventually("objects can be made", () => cluster.apply(custom("a")).catch(() => undefined));
  const { resourceVersion } = await cluster.objects.list(old);
  await cluster.apply(custom("b"));
  // A changed CRD gets a new watch cache, which begins at its present.
  const changed = customResourceDefinition("Old");
  Object.assign((changed.spec as { versions: object[] }).versions[0] ?? {}, {
    additionalPrinterColumns: [{ name: "x", type: "string", jsonPath: ".x" }],
  });
  await cluster.apply(changed);
  const code = await eventually("the old version is refused", async () => {
    await cluster.objects.list(old);
    const code = await firstError(objectPath(old, undefined), resourceVersion);
    // While the new cache is made the apiserver answers 429.
    return code === 429 ? undefined : code;
  });
  expect(code).toBe(410);
});

async function firstError(path: string, resourceVersion: string): Promise<number | undefined> {
  const query = { watch: "true", resourceVersion, timeoutSeconds: "1" };
  try {
    const stream = await cluster.transport.stream({ method: "GET", path, query });
    for await (const line of jsonLines(stream, 1_000_000)) {
      const { type, object } = JSON.parse(line);
      stream.cancel();
      return type === "ERROR" ? object.code : undefined;
    }
    return undefined;
  } catch (error) {
    return error instanceof ApiError ? error.status : undefined;
  }
}

describe("discovery", () => {
  test("takes two requests and the version, and knows every kind by version, scope and verbs", async () => {
    const paths: string[] = [];
    const discovery = new Discovery(recording(cluster.transport, paths));
    await discovery.refresh();
    expect(paths.sort()).toEqual(["/api", "/apis", "/version"]);
    expect(discovery.kubernetesVersion).toMatch(/^v1\.\d+\.\d+$/);
    expect(discovery.unknownGroups).toEqual([]);
    expect(discovery.find("apps/v1", "Deployment")).toMatchObject({
      group: "apps",
      version: "v1",
      resource: "deployments",
      namespaced: true,
    });
    expect(discovery.find("v1", "Namespace")?.namespaced).toBe(false);
    expect(discovery.find("v1", "ConfigMap")?.verbs).toContain("watch");
    expect(discovery.find("apps/v1beta1", "Deployment")).toBeUndefined();
    expect(discovery.find("autoscaling/v1", "HorizontalPodAutoscaler")?.version).toBe("v1");
    expect(
      discovery.preferred({ group: "autoscaling", kind: "HorizontalPodAutoscaler" })?.version,
    ).toBe("v2");
    expect(discovery.preferred({ group: "apps", kind: "Nothing" })).toBeUndefined();
    const listable = discovery.listable().map(({ group, kind }) => `${group}/${kind}`);
    expect(listable).toContain("/Secret");
    expect(listable).not.toContain("authorization.k8s.io/SubjectAccessReview");
    expect(new Set(listable).size).toBe(listable.length);
  });

  test("without aggregation asks group by group and knows the same", async () => {
    const plain: Transport = {
      request: (request) => cluster.transport.request({ ...request, accept: "application/json" }),
      stream: (request) => cluster.transport.stream(request),
    };
    const one = new Discovery(plain);
    await one.refresh();
    const all = new Discovery(cluster.transport);
    await all.refresh();
    const keys = (discovery: Discovery) =>
      discovery
        .listable()
        .map((r) => `${r.group}/${r.version} ${r.kind} ${r.resource} ${r.namespaced}`)
        .sort();
    expect(keys(one)).toEqual(keys(all));
    expect(keys(one).length).toBeGreaterThan(40);
  });

  test("learns a new kind on refresh", async () => {
    expect(cluster.discovery.find("example.com/v1", "Gadget")).toBeUndefined();
    await cluster.apply(customResourceDefinition("Gadget"));
    await eventually("the kind is served", async () => {
      await cluster.discovery.refresh();
      return cluster.discovery.find("example.com/v1", "Gadget");
    });
  });

  test("a group whose server does not answer is unknown, not absent, and the others go on", async () => {
    await cluster.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "default", name: "nobody" },
      spec: { ports: [{ port: 443 }] },
    });
    await cluster.apply({
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1.nobody.example.com" },
      spec: {
        group: "nobody.example.com",
        version: "v1",
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: "default", name: "nobody" },
      },
    });
    await eventually("the group is known to be unknown", async () => {
      await cluster.discovery.refresh();
      return cluster.discovery.unknownGroups.includes("nobody.example.com");
    });
    expect(cluster.discovery.find("v1", "ConfigMap")).toBeDefined();
  });

  test("that fails leaves what was known", async () => {
    let broken = false;
    const discovery = new Discovery({
      request(request) {
        if (broken) throw new Error("away");
        return cluster.transport.request(request);
      },
      stream: (request) => cluster.transport.stream(request),
    });
    await discovery.refresh();
    const at = discovery.fetchedAt;
    broken = true;
    expect(await failure(discovery.refresh())).toMatchObject({ message: "away" });
    expect(discovery.find("v1", "ConfigMap")).toBeDefined();
    expect(discovery.fetchedAt).toBe(at);
  });
});

function recording(transport: Transport, paths: string[]): Transport {
  return {
    request(request) {
      paths.push(request.path);
      return transport.request(request);
    },
    stream: (request) => transport.stream(request),
  };
}

function customResourceDefinition(kind: string): KubeObject {
  const singular = kind.toLowerCase();
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.example.com` },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: `${singular}s`, singular, kind },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object" } },
        },
      ],
    },
  };
}
