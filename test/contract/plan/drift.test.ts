/**
 * Drift is read from managedFields alone: each way to drift, and each way not to, as a real
 * apiserver records it. A Kubernetes version that changes one of these is noticed here.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Connection, connect } from "../../../src/cluster/connection.ts";
import { liveObjectOf } from "../../../src/cluster/live-object.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import { createTransport } from "../../../src/cluster/transport.ts";
import type { KubeObject, ResourceKind } from "../../../src/model/object.ts";
import { adopt } from "../../../src/plan/adoption.ts";
import { judge, type Verdict } from "../../../src/plan/drift.ts";
import { ownershipOf } from "../../../src/plan/ownership.ts";
import { resolveTargets, type Target } from "../../../src/plan/targets.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";

const deployments: ResourceKind = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  resource: "deployments",
  namespaced: true,
  verbs: [],
};
const configMaps: ResourceKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: [],
};
const ownership = ownershipOf({ namespace: "default", name: "shop" });
const disallowed = ["kubectl*", "before-first-apply"];

let plane: ControlPlane;
let connection: Connection;
let objects: Objects;
let count = 0;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false });
  connection = await connect({ kubeconfig: plane.adminKubeconfig });
  objects = new Objects(createTransport(connection, { maxInFlight: 8 }));
});
afterAll(async () => {
  await connection?.close();
  await plane?.stop();
});

function deployment(): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `web-${count++}`, labels: { team: "a" } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            {
              name: "web",
              image: "web:1",
              ports: [{ containerPort: 80 }],
              env: [{ name: "A", value: "1" }],
            },
          ],
        },
      },
    },
  };
}

function configMap(): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `map-${count++}` },
    data: { color: "blue", size: "1" },
  };
}

interface Deployed {
  target: Target;
  baseline: string;
}

async function deploy(object: KubeObject): Promise<Deployed> {
  const resource = object.kind === "Deployment" ? deployments : configMaps;
  const [target] = resolveTargets([{ object, origin: "test" }], {
    defaultNamespace: "default",
    ownership,
    ignoreDifferences: [],
    find: () => resource,
    jq: () => () => [],
    live: () => undefined,
  }).targets;
  if (target === undefined) throw new Error("no target");
  const answer = await objects.apply(resource, target.object, {
    fieldManager: ownership.fieldManager,
  });
  const baseline = liveObjectOf(answer, resource, disallowed).claim;
  if (baseline === undefined) throw new Error("the answer holds no claim of ours");
  return { target, baseline };
}

async function verdict({ target, baseline }: Deployed, restarted = false): Promise<Verdict> {
  const { resource, ref } = target;
  const object = await objects.getMetadata(resource, ref.namespace, ref.name);
  if (object === undefined) throw new Error("it is gone");
  const live = liveObjectOf(object, resource, disallowed);
  return judge(target, live, ownership.fieldManager, restarted ? undefined : baseline);
}

const kubectl = (deployed: Deployed, ...args: string[]) =>
  plane.kubectl(args.map((arg) => arg.replace("NAME", deployed.target.ref.name)));

describe("drift, read from metadata", () => {
  it.each<[string, () => KubeObject, string[], string]>([
    [
      "a merge patch",
      deployment,
      ["patch", "deploy", "NAME", "--type=merge", "-p", '{"spec":{"replicas":5}}'],
      "spec.replicas",
    ],
    [
      "a strategic patch of a list item",
      deployment,
      [
        "patch",
        "deploy",
        "NAME",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}',
      ],
      "spec.template.spec.containers[0].image",
    ],
    ["/scale", deployment, ["scale", "deploy", "NAME", "--replicas=7"], "spec.replicas"],
    ["a removed label", deployment, ["label", "deploy", "NAME", "team-"], "metadata.labels.team"],
    [
      "a removed list item",
      deployment,
      [
        "patch",
        "deploy",
        "NAME",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/spec/template/spec/containers/0/env/0"}]',
      ],
      "spec.template.spec.containers[0].env",
    ],
    [
      "a ConfigMap's key",
      configMap,
      ["patch", "cm", "NAME", "--type=merge", "-p", '{"data":{"color":"red"}}'],
      "data.color",
    ],
    [
      "a ConfigMap's removed key",
      configMap,
      ["patch", "cm", "NAME", "--type=json", "-p", '[{"op":"remove","path":"/data/size"}]'],
      "data.size",
    ],
  ])("%s drifts, with the field and the manager named", async (_, make, args, field) => {
    const deployed = await deploy(make());
    expect((await verdict(deployed)).state).toBe("in-sync");
    const named = args[0] === "scale" ? [] : ["--field-manager=intruder"];
    await kubectl(deployed, ...args, ...named);
    const found = await verdict(deployed);
    expect(found.state).toBe("drifted");
    if (found.state !== "drifted") return;
    expect(found.drift.fields.some((path) => path.startsWith(field))).toBe(true);
    // Who only removes something claims nothing: managedFields cannot tell who it was.
    const removed = args.includes("--type=json") || args.includes("team-");
    const expected = removed ? ["unknown"] : ["intruder", "kubectl"];
    expect(expected).toContain(found.drift.manager);
  });

  it("a PUT that changes a value drifts", async () => {
    const deployed = await deploy(deployment());
    const { ref, resource } = deployed.target;
    const live = await objects.get(resource, ref.namespace, ref.name);
    (live?.spec as { replicas: number }).replicas = 9;
    await plane.kubectl(["replace", "--field-manager=intruder", "-f", "-"], JSON.stringify(live));
    expect((await verdict(deployed)).state).toBe("drifted");
  });

  it("a foreign apply with force drifts", async () => {
    const deployed = await deploy(configMap());
    const { ref } = deployed.target;
    const body = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: ref.name },
      data: { color: "red" },
    };
    await plane.kubectl(
      ["apply", "--server-side", "--force-conflicts", "--field-manager=rival", "-f", "-"],
      JSON.stringify(body),
    );
    const found = await verdict(deployed);
    expect(found.state === "drifted" && found.drift.manager).toBe("rival");
  });

  it("wiped managedFields drift", async () => {
    const deployed = await deploy(configMap());
    await kubectl(
      deployed,
      "patch",
      "cm",
      "NAME",
      "--type=merge",
      "-p",
      '{"metadata":{"managedFields":[{}]}}',
    );
    expect((await verdict(deployed)).state).toBe("drifted");
  });

  it("a sidecar that kubectl edit adds drifts, although our own claim is untouched", async () => {
    const deployed = await deploy(deployment());
    const patch =
      '{"spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"side","image":"side:1"}]}}}}';
    await kubectl(deployed, "patch", "deploy", "NAME", "-p", patch, "--field-manager=kubectl-edit");
    const found = await verdict(deployed);
    expect(found.state).toBe("drifted");
    if (found.state !== "drifted") return;
    expect(found.additions).toBe(true);
    expect(found.drift.manager).toBe("kubectl-edit");
    expect(found.drift.fields).toContain("spec.template.spec.hostNetwork");
  });
});

describe("no drift", () => {
  it.each<[string, () => KubeObject, string[]]>([
    ["a foreign annotation", deployment, ["annotate", "deploy", "NAME", "note=x"]],
    ["kubectl rollout restart", deployment, ["rollout", "restart", "deploy/NAME"]],
    [
      "a status write",
      deployment,
      [
        "patch",
        "deploy",
        "NAME",
        "--subresource=status",
        "--type=merge",
        "-p",
        '{"status":{"replicas":1}}',
      ],
    ],
    [
      "the same value set by another",
      configMap,
      [
        "patch",
        "cm",
        "NAME",
        "--type=merge",
        "-p",
        '{"data":{"color":"blue"}}',
        "--field-manager=other",
      ],
    ],
  ])("%s", async (_, make, args) => {
    const deployed = await deploy(make());
    await kubectl(deployed, ...args);
    expect((await verdict(deployed)).state).toBe("in-sync");
    expect((await verdict(deployed, true)).state).toBe("in-sync");
  });

  it("our own re-apply, and an identical foreign apply", async () => {
    const object = configMap();
    const deployed = await deploy(object);
    await objects.apply(deployed.target.resource, deployed.target.object, {
      fieldManager: ownership.fieldManager,
    });
    expect((await verdict(deployed)).state).toBe("in-sync");
    const body = { ...object, metadata: { name: object.metadata.name } };
    await plane.kubectl(
      ["apply", "--server-side", "--field-manager=twin", "-f", "-"],
      JSON.stringify(body),
    );
    expect((await verdict(deployed)).state).toBe("in-sync");
  });

  it("after a restart everything is read from the claim, without a baseline", async () => {
    expect((await verdict(await deploy(deployment()), true)).state).toBe("in-sync");
    expect((await verdict(await deploy(configMap()), true)).state).toBe("in-sync");
  });

  it("a new desired object is outdated, not drifted", async () => {
    const object = configMap();
    await deploy(object);
    const next = await deploy({ ...object, data: { color: "green", size: "1" } });
    const before = { ...next, target: { ...next.target, hash: "another" } };
    expect((await verdict(before, true)).state).toBe("outdated");
  });
});

describe("adoption", () => {
  it("makes kubectl's claims ours, so that a field dropped afterwards is gone", async () => {
    const object = configMap();
    await plane.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({ ...object, data: { color: "blue", size: "1", old: "x" } }),
    );
    const name = object.metadata.name ?? "";
    const live = await objects.get(configMaps, "default", name);
    const merged = adopt(live?.metadata.managedFields ?? [], ownership.fieldManager, disallowed);
    expect(merged?.map((entry) => entry.manager)).toEqual([ownership.fieldManager]);
    await objects.jsonPatch(configMaps, "default", name, [
      { op: "replace", path: "/metadata/managedFields", value: merged },
      { op: "replace", path: "/metadata/resourceVersion", value: live?.metadata.resourceVersion },
    ]);
    await deploy(object);
    const after = await objects.get(configMaps, "default", name);
    expect(after?.data).toEqual({ color: "blue", size: "1" });
    expect(after?.metadata.annotations).not.toHaveProperty(
      "kubectl.kubernetes.io/last-applied-configuration",
    );
  });

  it("without adoption the dropped field stays for ever", async () => {
    const object = configMap();
    await plane.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({ ...object, data: { color: "blue", old: "x" } }),
    );
    await deploy(object);
    const after = await objects.get(configMaps, "default", object.metadata.name ?? "");
    expect(after?.data).toHaveProperty("old");
  });
});
