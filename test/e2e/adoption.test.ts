import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestObject } from "./harness/kube-api.ts";
import { configMap, deployment, manifest } from "./harness/manifests.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ nodes: 2 });
});
afterAll(() => world?.stop());

const partOf = "applyset.kubernetes.io/part-of";
const before = [
  configMap("settings", { colour: "blue", old: "1" }),
  deployment("web", { replicas: 2, env: [{ name: "OLD", value: "1" }] }),
];
/** Git may already say something else than what somebody applied last. */
const found = [
  configMap("settings", { colour: "red", old: "0" }),
  deployment("web", { replicas: 1, env: [{ name: "OLD", value: "0" }] }),
];
const after = [configMap("settings", { colour: "blue" }), deployment("web", { replicas: 2 })];
const marked = (annotations: Record<string, string>, labels: Record<string, string> = {}) =>
  configMap("settings", { colour: "red" }, { annotations, labels });

const settingsOf = (namespace: string) => world.api.read("ConfigMap", namespace, "settings");
const managersOf = ({ metadata }: TestObject) =>
  metadata.managedFields
    ?.filter(({ subresource }) => subresource === undefined)
    .map(({ manager }) => manager) ?? [];

test.each([
  ["kubectl apply", ["apply"]],
  ["kubectl create --save-config", ["create", "--save-config"]],
  ["kubectl create", ["create"]],
  ["kubectl apply --server-side", ["apply", "--server-side"]],
  ["argocd", ["apply", "--server-side", "--field-manager=argocd-controller"]],
  ["kustomize-controller", ["apply", "--server-side", "--field-manager=kustomize-controller"]],
  ["helm", ["create", "--field-manager=helm"]],
])(
  "what %s made is taken over in place, and a field dropped in Git later is gone",
  async (how, command) => {
    const namespace = `by-${how.replaceAll(/\W+/g, "-")}`;
    const tenant = await world.createTenant(namespace);
    await world.plane.kubectl([...command, "-n", namespace, "-f", "-"], manifest(...found));
    const { uid } = (await world.api.read("Deployment", namespace, "web")).metadata;

    const app = await tenant.application("shop", {
      files: { "deploy/all.yaml": manifest(...before) },
    });
    await app.ready();
    const web = await world.api.read("Deployment", namespace, "web");
    expect(web.metadata.uid).toBe(uid);
    expect(web.metadata.labels).toHaveProperty([partOf]);
    for (const object of [web, await settingsOf(namespace)])
      expect(
        managersOf(object).filter((manager) => !manager.startsWith("kube-controller")),
      ).toEqual([expect.stringMatching(/^mooring\./)]);

    await app.deploy({ "deploy/all.yaml": manifest(...after) });
    expect((await settingsOf(namespace)).data).toEqual({ colour: "blue" });
    const [container] = (await world.api.read("Deployment", namespace, "web")).spec.template.spec
      .containers;
    expect(container.env ?? []).toEqual([]);
  },
);

test("what another tool keeps from Git is refused by name, and taken over with consent", async () => {
  const owners: [string, string, TestObject][] = [
    [
      "argo",
      "Argo CD application shop",
      marked({ "argocd.argoproj.io/tracking-id": "shop:/ConfigMap:argo/settings" }),
    ],
    [
      "flux",
      "Flux Kustomization flux-system/shop",
      marked(
        {},
        {
          "kustomize.toolkit.fluxcd.io/name": "shop",
          "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        },
      ),
    ],
    [
      "helm",
      "Helm release helm/shop",
      marked(
        { "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "helm" },
        { "app.kubernetes.io/managed-by": "Helm" },
      ),
    ],
  ];
  for (const [namespace, owner, object] of owners) {
    const tenant = await world.createTenant(namespace);
    await world.api.create({ ...object, metadata: { ...object.metadata, namespace } });
    const app = await tenant.application("shop", {
      files: {
        "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })),
        "deploy/free.yaml": manifest(configMap("free", {})),
      },
    });
    const { message } = await app.condition("Stalled", "True", "OwnedByOther");
    expect(message).toContain(owner);
    expect(message).toContain("mooring.dev/adopt");
    expect((await settingsOf(namespace)).data).toEqual({ colour: "red" });
    expect((await settingsOf(namespace)).metadata.labels ?? {}).not.toHaveProperty([partOf]);
    await world.api.read("ConfigMap", namespace, "free");

    const consent = { annotations: { "mooring.dev/adopt": "true" } };
    await app.deploy({
      "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" }, consent)),
    });
    expect((await settingsOf(namespace)).data).toEqual({ colour: "blue" });
    await app.deploy({ "deploy/settings.yaml": null });
    expect(await world.api.get("ConfigMap", namespace, "settings")).toBeUndefined();
  }
});

test("of two applications that want one object the second is refused by name, and takes nothing", async () => {
  const tenant = await world.createTenant("two");
  const files = (colour: string, more: string) => ({
    "deploy/settings.yaml": manifest(configMap("settings", { colour })),
    "deploy/more.yaml": manifest(configMap(more, {})),
  });
  const first = await tenant.application("first", { files: files("blue", "of-first") });
  await first.ready();
  const before = await settingsOf("two");
  const second = await tenant.application("second", { files: files("red", "of-second") });
  const { message } = await second.condition("Stalled", "True", "OwnedByOther");
  expect(message).toContain("ConfigMap two/settings");
  expect(message).toContain("two/first");
  await world.api.read("ConfigMap", "two", "of-second");
  expect(await settingsOf("two")).toEqual(before);

  // Consent overrides other tools, never another application.
  await second.push({
    "deploy/settings.yaml": manifest(
      configMap("settings", { colour: "red" }, { annotations: { "mooring.dev/adopt": "true" } }),
    ),
  });
  await second.condition("Stalled", "True", "OwnedByOther");
  expect(await settingsOf("two")).toEqual(before);

  // Deleting the second takes what is its own, and nothing else.
  await second.delete();
  await second.gone();
  expect(await world.api.get("ConfigMap", "two", "of-second")).toBeUndefined();
  expect((await settingsOf("two")).metadata.uid).toBe(before.metadata.uid);
  await first.ready();
});

test("an object that a controller made is never taken", async () => {
  const tenant = await world.createTenant("controlled");
  const parent = await world.api.create(configMap("parent", {}, { namespace: "controlled" }));
  await world.api.create({
    ...configMap("settings", { colour: "red" }),
    metadata: {
      namespace: "controlled",
      name: "settings",
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          name: "parent",
          uid: parent.metadata.uid ?? "",
          controller: true,
        },
      ],
    },
  });
  const app = await tenant.application("shop", {
    files: { "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })) },
  });
  const { message } = await app.condition("Stalled", "True", "OwnedByOther");
  expect(message).toContain("controller");
  expect((await settingsOf("controlled")).data).toEqual({ colour: "red" });
});
