import { readFile, writeFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isStale } from "../../../src/cluster/api-error.ts";
import { apiProblem } from "../../../src/cluster/api-problem.ts";
import { connect } from "../../../src/cluster/connection.ts";
import type { Objects } from "../../../src/cluster/objects.ts";
import {
  createTransport,
  type Identity,
  serviceAccountIdentity,
} from "../../../src/cluster/transport.ts";
import { type KubeObject, refOf } from "../../../src/model/object.ts";
import { Problem } from "../../../src/model/problem.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { type Access, access, configMap, deployment, eventually, failure } from "./access.ts";

let plane: ControlPlane;
let cluster: Access;
let ns: string;

beforeAll(async () => {
  plane = await startControlPlane({ workloads: false, audit: false });
  cluster = await access(plane.adminKubeconfig);
  ns = await cluster.namespace("problems");
}, 120_000);

afterAll(async () => {
  await cluster?.connection.close();
  await plane?.stop();
});

/** What applying the object is refused with, as the person who reads it sees it. */
async function refusal(
  object: KubeObject,
  { objects = cluster.objects, identity }: { objects?: Objects; identity?: Identity } = {},
): Promise<Problem> {
  const resource = cluster.kind(object.apiVersion, object.kind);
  const error = await failure(objects.apply(resource, object, { fieldManager: "mooring.test" }));
  return apiProblem(error, {
    object: refOf(object),
    origin: "app.yaml:1",
    ...(identity === undefined ? {} : { identity }),
  });
}

function custom(kind: string, apiVersion: string): KubeObject {
  return { apiVersion, kind, metadata: { namespace: ns, name: "x" } };
}

describe("what the ServiceAccount may not do", () => {
  test("is Forbidden, naming ServiceAccount, verb, resource and namespace", async () => {
    const identity = serviceAccountIdentity(ns, "deployer");
    const problem = await refusal(deployment(ns, "x"), {
      objects: cluster.as(identity),
      identity,
    });
    expect(problem).toMatchObject({ code: "Forbidden", retry: "blocked" });
    expect(problem.message).toContain(
      `Deployment.apps ${ns}/x: ServiceAccount ${ns}/deployer may not patch deployments.apps in namespace ${ns} (app.yaml:1).`,
    );
  });

  test("is Forbidden in the whole cluster for a cluster-scoped kind", async () => {
    const problem = await refusal(
      { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "mine" } },
      { objects: cluster.as(serviceAccountIdentity(ns, "deployer")) },
    );
    expect(problem.message).toContain("may not patch persistentvolumes in the whole cluster");
  });

  test("is Forbidden when it would grant itself more than it has", async () => {
    const rbac = "rbac.authorization.k8s.io";
    const identity = serviceAccountIdentity(ns, "binder");
    await cluster.apply({
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: "writes-bindings" },
      rules: [{ apiGroups: [rbac], resources: ["clusterrolebindings"], verbs: ["*"] }],
    });
    const bind = (name: string, role: string): KubeObject => ({
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
      subjects: [{ kind: "ServiceAccount", name: "binder", namespace: ns }],
    });
    await cluster.apply(bind("writes-bindings", "writes-bindings"));
    const grab = bind("grab", "cluster-admin");
    // The authorizer's caches follow the binding a moment later.
    const problem = await eventually("the grant is seen", async () => {
      const seen = await refusal(grab, { objects: cluster.as(identity), identity });
      return seen.message.includes("may not grant") ? seen : undefined;
    });
    expect(problem.code).toBe("Forbidden");
    expect(problem.message).toContain(
      `ServiceAccount ${ns}/binder may not grant permissions that it does not hold itself`,
    );
    expect(
      await cluster.objects.get(cluster.kind(grab.apiVersion, grab.kind), undefined, "grab"),
    ).toBeUndefined();
  });

  test("is Forbidden by name when Mooring itself may not impersonate", async () => {
    const weak = await access(await plane.kubeconfigFor({ name: "weak-mooring" }));
    try {
      const identity = serviceAccountIdentity(ns, "deployer");
      const problem = await refusal(configMap(ns, "x"), { objects: weak.as(identity), identity });
      expect(problem.code).toBe("Forbidden");
      expect(problem.message).toContain(
        `Mooring itself, user weak-mooring, may not impersonate ServiceAccount ${ns}/deployer`,
      );
    } finally {
      await weak.connection.close();
    }
  });
});

test("an impersonated ServiceAccount has the groups of its namespace without naming them", async () => {
  const rbac = "rbac.authorization.k8s.io";
  const own = await cluster.namespace("groups");
  await cluster.apply({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { namespace: own, name: "all-accounts" },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: rbac, kind: "Group", name: `system:serviceaccounts:${own}` }],
  });
  const objects = cluster.as(serviceAccountIdentity(own, "any"));
  const made = await eventually("the binding is seen", () =>
    objects
      .apply(cluster.kind("v1", "ConfigMap"), configMap(own, "x"), { fieldManager: "mooring.test" })
      .catch(() => undefined),
  );
  expect(made.metadata.uid).toBeDefined();
  const stranger = cluster.as(serviceAccountIdentity(ns, "any"));
  expect((await refusal(configMap(own, "x"), { objects: stranger })).code).toBe("Forbidden");
});

describe("what is not there", () => {
  test("a missing namespace is NamespaceMissing", async () => {
    const problem = await refusal(configMap("absent", "x"));
    expect(problem).toMatchObject({ code: "NamespaceMissing", retry: "blocked" });
    expect(problem.message).toContain("namespace absent does not exist");
  });

  test("a namespace under deletion is NamespaceTerminating", async () => {
    // Without a controller-manager nobody finishes the deletion.
    const ending = await cluster.namespace("ending");
    const namespaces = cluster.kind("v1", "Namespace");
    const found = await cluster.objects.get(namespaces, undefined, ending);
    await cluster.objects.delete(namespaces, undefined, ending, {
      uid: found?.metadata.uid ?? "",
    });
    const problem = await refusal(configMap(ending, "x"));
    expect(problem).toMatchObject({ code: "NamespaceTerminating", retry: "transient" });
    expect(problem.message).toContain(`namespace ${ending} is being deleted`);
  });

  test("an unknown group, and an unknown resource of a known group, are UnknownKind", async () => {
    const shape = { version: "v1", kind: "Thing", resource: "things", namespaced: true, verbs: [] };
    for (const group of ["nowhere.example.com", "apps"]) {
      const error = await failure(
        cluster.objects.apply({ ...shape, group }, custom("Thing", `${group}/v1`), {
          fieldManager: "mooring.test",
        }),
      );
      expect(apiProblem(error), group).toMatchObject({ code: "UnknownKind", retry: "blocked" });
    }
  });

  test("an object that was gone when it was patched is ApplyConflict", async () => {
    const error = await failure(
      cluster.objects.mergePatch(cluster.kind("v1", "ConfigMap"), ns, "never", {}),
    );
    expect(apiProblem(error)).toMatchObject({ code: "ApplyConflict", retry: "transient" });
  });
});

describe("conflicts", () => {
  test("with another manager are OwnedByOther, naming it and the fields", async () => {
    await cluster.apply(configMap(ns, "owned", { a: "1", b: "1" }), "mooring.other");
    const problem = await refusal(configMap(ns, "owned", { a: "2", b: "2" }));
    expect(problem).toMatchObject({ code: "OwnedByOther", retry: "blocked" });
    expect(problem.message).toContain("field manager mooring.other owns .data.a, .data.b");
  });

  test("of versions are ApplyConflict: stale, already there, another uid", async () => {
    const made = await cluster.apply(configMap(ns, "versions"));
    const kind = cluster.kind("v1", "ConfigMap");
    const stale = await refusal(configMap(ns, "versions", { a: "1" }, { resourceVersion: "1" }));
    const there = apiProblem(
      await failure(cluster.objects.create(kind, configMap(ns, "versions"))),
    );
    const other = await refusal(
      configMap(ns, "versions", {}, { uid: "00000000-0000-0000-0000-000000000000" }),
    );
    for (const problem of [stale, there, other]) {
      expect(problem).toMatchObject({ code: "ApplyConflict", retry: "transient" });
      expect(isStale(problem.cause)).toBe(true);
    }
    const after = await cluster.objects.get(kind, ns, "versions");
    expect(after?.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });
});

describe("what validation refuses", () => {
  test("is ApplyRefused with every field's path", async () => {
    const problem = await refusal(
      deployment(ns, "x", {}, { image: "", ports: [{ containerPort: 99999 }] }),
    );
    expect(problem).toMatchObject({ code: "ApplyRefused", retry: "terminal" });
    expect(problem.message).toContain("spec.template.spec.containers[0].image: Required value");
    expect(problem.message).toContain("spec.template.spec.containers[0].ports[0].containerPort:");
  });

  test("is ApplyRefused for a request that is too large", async () => {
    const problem = await refusal(configMap(ns, "big", { a: "x".repeat(4_000_000) }));
    expect(problem).toMatchObject({ code: "ApplyRefused", retry: "terminal" });
  });

  test("is ImmutableField for a field that cannot change, however the kind words it", async () => {
    const rbac = "rbac.authorization.k8s.io";
    const binding = (role: string): KubeObject => ({
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { namespace: ns, name: "fixed" },
      roleRef: { apiGroup: rbac, kind: "Role", name: role },
    });
    const claim = (mode: string): KubeObject => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { namespace: ns, name: "fixed" },
      spec: { accessModes: [mode], resources: { requests: { storage: "1Gi" } } },
    });
    const service = (clusterIP: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: ns, name: "fixed" },
      spec: { clusterIP, ports: [{ port: 80 }] },
    });
    const job = (image: string): KubeObject => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { namespace: ns, name: "fixed" },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image }] } } },
    });
    const set = (serviceName: string): KubeObject => {
      const object = deployment(ns, "fixed", { serviceName });
      return { ...object, kind: "StatefulSet" };
    };
    const cases: [string, KubeObject, KubeObject][] = [
      [
        "spec.selector",
        deployment(ns, "fixed"),
        {
          ...deployment(ns, "fixed", {
            selector: { matchLabels: { app: "new" } },
            template: {
              metadata: { labels: { app: "new" } },
              spec: { containers: [{ name: "main", image: "example.com/app:1" }] },
            },
          }),
        },
      ],
      ["spec", set("a"), set("b")],
      ["spec.template", job("example.com/a"), job("example.com/b")],
      ["roleRef", binding("a"), binding("b")],
      ["spec", claim("ReadWriteOnce"), claim("ReadWriteMany")],
      ["spec.clusterIPs[0]", service(""), service("None")],
      [
        "data",
        { ...configMap(ns, "fixed", { a: "1" }), immutable: true },
        { ...configMap(ns, "fixed", { a: "2" }), immutable: true },
      ],
    ];
    for (const [field, before, after] of cases) {
      await cluster.apply(before);
      const problem = await refusal(after);
      expect(problem, before.kind).toMatchObject({ code: "ImmutableField", retry: "terminal" });
      expect(problem.message, before.kind).toContain(`: ${field}: `);
      expect(problem.message.length, before.kind).toBeLessThan(700);
    }
  });
});

describe("what server-side apply refuses with HTTP 500", () => {
  const template = ".spec.template.spec.containers";
  const cases: { promise: string; object: () => KubeObject; says: string }[] = [
    {
      promise: "two variables of one name",
      object: () =>
        deployment(
          ns,
          "x",
          {},
          {
            env: [
              { name: "A", value: "1" },
              { name: "A", value: "2" },
            ],
          },
        ),
      says: `${template}[name="main"].env: two entries have the key [name="A"]; keep one of them`,
    },
    {
      promise: "two ports of one number and protocol",
      object: () =>
        deployment(
          ns,
          "x",
          {},
          {
            ports: [
              { name: "a", containerPort: 80, protocol: "TCP" },
              { name: "b", containerPort: 80, protocol: "TCP" },
            ],
          },
        ),
      says: `${template}[name="main"].ports: two entries have the key [containerPort=80,protocol="TCP"]`,
    },
    {
      promise: "a field that the API does not have",
      object: () => deployment(ns, "x", {}, { imagee: "x" }),
      says: `${template}[name="main"].imagee: the API has no such field`,
    },
    {
      promise: "a number in quotes",
      object: () => deployment(ns, "x", { replicas: "2" }),
      says: ".spec.replicas: a number is expected; write the value without quotes",
    },
    {
      promise: "an annotation that is not quoted",
      object: () => ({
        ...configMap(ns, "x"),
        metadata: { namespace: ns, name: "x", annotations: { on: true as unknown as string } },
      }),
      says: ".metadata.annotations.on: a string is expected; put the value in quotes",
    },
    {
      promise: "a list where a map belongs",
      object: () => deployment(ns, "x", { selector: ["a"] }),
      says: ".spec.selector: a map is expected",
    },
    {
      promise: "a malformed quantity",
      object: () => deployment(ns, "x", {}, { resources: { limits: { cpu: "much" } } }),
      says: "a quantity is malformed; write it like 500m or 1Gi",
    },
  ];
  for (const { promise, object, says } of cases) {
    test(`${promise}: is ApplyRefused for good, with field and cure`, async () => {
      const problem = await refusal(object());
      expect(problem.cause).toMatchObject({ status: 500 });
      expect(problem).toMatchObject({ code: "ApplyRefused", retry: "terminal" });
      expect(problem.message).toContain(says);
    });
  }
});

describe("admission", () => {
  test("a policy's denial is AdmissionDenied with the policy's name and its words", async () => {
    const denied = await cluster.namespace("denied");
    await denyEverything(denied, "configmaps", "keep-out", "'no config maps here, sorry'");
    const problem = await eventually("the policy is in force", async () => {
      try {
        await cluster.apply(configMap(denied, `x-${Date.now()}`));
        return undefined;
      } catch (error) {
        return apiProblem(error);
      }
    });
    expect(problem).toMatchObject({ code: "AdmissionDenied", retry: "blocked" });
    expect(problem.message).toContain("policy keep-out denied it: no config maps here, sorry");
  });

  test("an exceeded quota is AdmissionDenied", async () => {
    const small = await cluster.namespace("small");
    await cluster.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { namespace: small, name: "none" },
      spec: { hard: { configmaps: "0" } },
    });
    // No controller-manager counts here, so the status is written by hand.
    await cluster.objects.mergePatch(
      cluster.kind("v1", "ResourceQuota"),
      small,
      "none",
      { status: { hard: { configmaps: "0" }, used: { configmaps: "0" } } },
      { subresource: "status" },
    );
    const problem = await eventually("the quota is in force", async () => {
      try {
        await cluster.apply(configMap(small, `x-${Date.now()}`));
        return undefined;
      } catch (error) {
        const seen = apiProblem(error);
        return seen.message.includes("exceeded quota") ? seen : undefined;
      }
    });
    expect(problem.code).toBe("AdmissionDenied");
  });

  test("a webhook that cannot be asked is ApiUnavailable and names it", async () => {
    const broken = await cluster.namespace("broken");
    await cluster.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "broken" },
      webhooks: [
        {
          name: "broken.example.com",
          clientConfig: { url: "https://127.0.0.1:1/" },
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy: "Fail",
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": broken } },
          rules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] },
          ],
        },
      ],
    });
    const problem = await eventually("the webhook is in force", async () => {
      try {
        await cluster.apply(configMap(broken, `x-${Date.now()}`));
        return undefined;
      } catch (error) {
        return apiProblem(error);
      }
    });
    expect(problem).toMatchObject({ code: "ApiUnavailable", retry: "transient" });
    expect(problem.message).toContain("admission webhook broken.example.com does not answer");
  });
});

describe("an error about a Secret", () => {
  const sentinel = "S3NTINEL";
  const plain = `${sentinel}-plain-value`;
  const encoded = Buffer.from(plain).toString("base64");
  const secret = (fields: Record<string, unknown>, name = "s"): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: ns, name },
    ...fields,
  });

  function expectNoValue(problem: Problem): void {
    const everything = inspect(problem, { depth: 12, showHidden: true }) + problem.stack;
    expect(everything).not.toContain(sentinel);
    expect(everything).not.toContain(encoded);
    expect(problem.detail).toBeDefined();
  }

  const cases: [string, () => KubeObject, string][] = [
    [
      "a map",
      () => secret({ stringData: { k: { x: plain } } }),
      ".stringData.k: a string is expected",
    ],
    ["a list", () => secret({ data: { k: [plain] } }), ".data.k: a string is expected"],
    ["no map", () => secret({ data: plain }), ".data: a map is expected"],
    ["not base64", () => secret({ data: { k: plain } }), "illegal base64 data"],
    [
      "no valid docker config",
      () =>
        secret({
          type: "kubernetes.io/dockerconfigjson",
          data: { ".dockerconfigjson": encoded },
        }),
      "data[.dockerconfigjson]: FieldValueInvalid",
    ],
    [
      "a bad key",
      () => secret({ data: { "bad key": encoded } }),
      "data[bad key]: FieldValueInvalid",
    ],
    [
      "without what its type wants",
      () => secret({ type: "kubernetes.io/tls", data: { k: encoded } }),
      "data[tls.crt]: Required value",
    ],
    [
      "a bad annotation",
      () => ({
        ...secret({ data: { k: encoded } }),
        metadata: {
          namespace: ns,
          name: "s",
          annotations: { a: { x: plain } as unknown as string },
        },
      }),
      ".metadata.annotations.a: a string is expected",
    ],
  ];
  for (const [what, object, says] of cases) {
    test(`that is ${what} keeps the field's path and quotes no value`, async () => {
      const problem = await refusal(object());
      expect(problem).toMatchObject({ code: "ApplyRefused", retry: "terminal" });
      expect(problem.message).toContain(says);
      expectNoValue(problem);
    });
  }

  test("that is immutable is ImmutableField and quotes no value", async () => {
    await cluster.apply(secret({ immutable: true, data: { k: encoded } }, "fixed"));
    const problem = await refusal(
      secret(
        { immutable: true, data: { k: Buffer.from(`${plain}2`).toString("base64") } },
        "fixed",
      ),
    );
    expect(problem.code).toBe("ImmutableField");
    expect(problem.message).toContain("data: field is immutable");
    expectNoValue(problem);
  });

  test("that a policy denies quoting it keeps the policy's name only", async () => {
    const denied = await cluster.namespace("secretive");
    await denyEverything(denied, "secrets", "quoting", "string(object.data['k'])");
    const problem = await eventually("the policy is in force", async () => {
      try {
        const object = secret({ data: { k: encoded } }, `x-${Date.now()}`);
        object.metadata.namespace = denied;
        await cluster.apply(object);
        return undefined;
      } catch (error) {
        return apiProblem(error);
      }
    });
    expect(problem).toMatchObject({ code: "AdmissionDenied" });
    expect(problem.message).toContain("policy quoting denied it");
    expectNoValue(problem);
  });

  test("still says who may not, who owns a field, and what is missing", async () => {
    const identity = serviceAccountIdentity(ns, "deployer");
    const forbidden = await refusal(secret({}), { objects: cluster.as(identity) });
    expect(forbidden.message).toContain(`ServiceAccount ${ns}/deployer may not patch secrets`);
    await cluster.apply(secret({ data: { k: encoded } }, "owned"), "mooring.other");
    const owned = await refusal(secret({ data: { k: "" } }, "owned"));
    expect(owned.message).toContain("field manager mooring.other owns .data.k");
    const lost = secret({});
    lost.metadata.namespace = "absent";
    expect((await refusal(lost)).code).toBe("NamespaceMissing");
    const stale = secret({}, "owned");
    stale.metadata.resourceVersion = "1";
    expect((await refusal(stale)).code).toBe("ApplyConflict");
  });
});

test("a Problem passes through, and an apiserver that is away is ApiUnavailable", async () => {
  const problem = new Problem("Fenced", "the Lease is lost");
  expect(apiProblem(problem)).toBe(problem);
  const other = await startControlPlane({ workloads: false, audit: false });
  const away = await access(other.adminKubeconfig);
  await other.stop();
  const error = await failure(
    away.objects.apply(away.kind("v1", "ConfigMap"), configMap("default", "x"), {
      fieldManager: "mooring.test",
    }),
  );
  expect(error).toMatchObject({ status: 0, reason: "Unreachable" });
  expect(apiProblem(error)).toMatchObject({ code: "ApiUnavailable", retry: "transient" });
  await away.connection.close();
}, 120_000);

test("an apiserver that the kubeconfig's CA did not sign is not spoken to", async () => {
  const text = await readFile(plane.adminKubeconfig, "utf8");
  const mistrusting = `${plane.adminKubeconfig}.mistrusting`;
  const data = Buffer.from(rootCertificates[0] ?? "").toString("base64");
  await writeFile(
    mistrusting,
    text.replace(/certificate-authority-data: .*/, `certificate-authority-data: ${data}`),
  );
  const connection = await connect({ kubeconfig: mistrusting });
  const transport = createTransport(connection, { maxInFlight: 1 });
  const error = await failure(transport.request({ method: "GET", path: "/version" }));
  expect(error).toMatchObject({ status: 0, reason: "Unreachable" });
  expect((error as Error).message).toMatch(/certificate|self.signed/i);
  await connection.close();
});

async function denyEverything(
  namespace: string,
  resource: string,
  name: string,
  messageExpression: string,
): Promise<void> {
  const api = "admissionregistration.k8s.io/v1";
  await cluster.apply({
    apiVersion: api,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: [resource],
          },
        ],
      },
      validations: [{ expression: "false", messageExpression }],
    },
  });
  await cluster.apply({
    apiVersion: api,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ["Deny"],
      matchResources: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      },
    },
  });
}
