import { afterAll, beforeAll, expect, test } from "vitest";
import { inWords } from "./harness/audit.ts";
import { account } from "./harness/installation.ts";
import { configMap, manifest, secret } from "./harness/manifests.ts";
import { Tenant } from "./harness/tenant.ts";
import { startWorld, type World } from "./harness/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const files = { "deploy/settings.yaml": manifest(configMap("settings", { colour: "blue" })) };
const takeover = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "takeover" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", namespace: "greedy", name: "deployer" }],
};

/** As a platform team does for another name than `deployer`. */
async function letControllerActAs(serviceAccount: string, namespace: string): Promise<void> {
  const metadata = { namespace, name: `mooring-impersonate-${serviceAccount}` };
  const rules = [
    {
      apiGroups: [""],
      resources: ["serviceaccounts"],
      resourceNames: [serviceAccount],
      verbs: ["impersonate"],
    },
  ];
  const apiGroup = "rbac.authorization.k8s.io";
  const apiVersion = `${apiGroup}/v1`;
  await world.api.create({ apiVersion, kind: "Role", metadata, rules });
  await world.api.create({
    apiVersion,
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup, kind: "Role", name: metadata.name },
    subjects: [
      { kind: "ServiceAccount", namespace: account.namespace, name: account.serviceAccount },
    ],
  });
}

test("a ClusterRoleBinding that the ServiceAccount may not write is refused, and its siblings go on", async () => {
  const tenant = await world.createTenant("greedy");
  const app = await tenant.application("shop", {
    files: { ...files, "deploy/binding.yaml": manifest(takeover) },
  });
  const { message } = await app.condition("Stalled", "True", "Forbidden");
  expect(message).toContain("ClusterRoleBinding.rbac.authorization.k8s.io takeover");
  const { status } = await app.get();
  expect(status).toMatchObject({ objects: { total: 2, synced: 1, failed: 1 } });
  expect(status?.problems).toMatchObject([{ kind: "ClusterRoleBinding", name: "takeover" }]);
  expect(await world.api.get("ClusterRoleBinding", "", "takeover")).toBeUndefined();
  expect((await world.api.read("ConfigMap", "greedy", "settings")).data.colour).toBe("blue");
});

test("a Role that grants more than the ServiceAccount has is refused as escalation", async () => {
  const tenant = await world.createTenant("climbing");
  await tenant.grantInCluster([
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["clusterrolebindings"],
      verbs: ["get", "create", "patch"],
    },
  ]);
  const app = await tenant.application("shop", {
    files: { ...files, "deploy/binding.yaml": manifest(takeover) },
  });
  await app.condition("Stalled", "True", "Forbidden");
  expect(await world.api.get("ClusterRoleBinding", "", "takeover")).toBeUndefined();
  await world.api.read("ConfigMap", "climbing", "settings");
});

test("another tenant's namespace is refused, whether the object exists there or not", async () => {
  const [mine, theirs] = [await world.createTenant("mine"), await world.createTenant("theirs")];
  const victim = await theirs.application("shop", { files });
  await victim.ready();
  const before = await world.api.read("ConfigMap", "theirs", "settings");
  const app = await mine.application("shop", {
    files: {
      ...files,
      "deploy/theirs.yaml": manifest(
        configMap("settings", { colour: "red" }, { namespace: "theirs" }),
        configMap("new", { colour: "red" }, { namespace: "theirs" }),
      ),
    },
  });
  await app.condition("Stalled", "True", "Forbidden");
  const { status } = await app.get();
  expect(status?.problems?.map(({ name }) => name).sort()).toEqual(["new", "settings"]);
  expect(await world.api.read("ConfigMap", "theirs", "settings")).toEqual(before);
  expect(await world.api.get("ConfigMap", "theirs", "new")).toBeUndefined();
  await world.api.read("ConfigMap", "mine", "settings");
});

test("without a ServiceAccount nothing runs outside the controller's own namespace", async () => {
  const tenant = await world.createTenant("nobody");
  const mark = await world.audit.mark();
  const app = await tenant.application("shop", { files, spec: { serviceAccountName: undefined } });
  const { message } = await app.condition("Stalled", "True", "ServiceAccountMissing");
  expect(message).toContain("spec.serviceAccountName");
  expect(await world.api.get("ConfigMap", "nobody", "settings")).toBeUndefined();
  expect((await world.audit.targetWritesSince(mark)).map(inWords)).toEqual([]);
});

test("a ServiceAccount that nobody lets Mooring act as is refused, and named", async () => {
  const tenant = await world.createTenant("private");
  await world.api.create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace: "private", name: "robot" },
  });
  const app = await tenant.application("shop", { files, spec: { serviceAccountName: "robot" } });
  const { message } = await app.condition("Stalled", "True", "Forbidden");
  expect(message).toContain(
    "ServiceAccount mooring-system/mooring, may not impersonate ServiceAccount private/robot",
  );
});

test("a ServiceAccount that does not exist has no rights", async () => {
  const tenant = await world.createTenant("ghost");
  await letControllerActAs("ghost", "ghost");
  const app = await tenant.application("shop", { files, spec: { serviceAccountName: "ghost" } });
  const { message } = await app.condition("Stalled", "True", "Forbidden");
  expect(message).toContain("ServiceAccount ghost/ghost may not");
  expect(await world.api.get("ConfigMap", "ghost", "settings")).toBeUndefined();
});

test("rights that are granted later are noticed within a minute", async () => {
  const tenant = await world.createTenant("granted");
  const app = await tenant.application("shop", {
    files,
    spec: { destination: { namespace: "granted-later" } },
  });
  await world.api.create({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "granted-later" },
  });
  await app.refresh();
  await app.condition("Stalled", "True", "Forbidden");
  await tenant.grantIn("granted-later");
  // Nothing tells of a grant: what is blocked is tried again every 30 s or so.
  await app.ready(undefined, 60_000);
});

test("a secretRef is read with the application's rights, in its own namespace only", async () => {
  const tenant = await world.createTenant("curious");
  // Another ServiceAccount of the same namespace, which may not read Secrets.
  await world.api.create({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace: "curious", name: "weak" },
  });
  await world.api.create({
    ...secret("robot", { username: "robot", password: "password-of-a-robot" }),
    metadata: { namespace: "curious", name: "robot" },
  });
  await letControllerActAs("weak", "curious");
  const source = { git: { secretRef: { name: "robot" } } };
  const mark = await world.audit.mark();
  const app = await tenant.application("shop", {
    files,
    spec: { serviceAccountName: "weak", source },
  });
  const { message } = await app.condition("Stalled", "True", "Forbidden");
  expect(message).toContain("curious/robot");
  const reads = (await world.audit.requestsSince(mark)).filter(
    ({ objectRef, verb }) =>
      verb === "get" && objectRef?.resource === "secrets" && objectRef.name === "robot",
  );
  expect(reads.length).toBeGreaterThan(0);
  for (const { impersonatedUser } of reads)
    expect(impersonatedUser?.username).toBe("system:serviceaccount:curious:weak");
  expect(JSON.stringify(await app.get())).not.toContain("password-of-a-robot");

  await app.configure({ serviceAccountName: "deployer" });
  await app.ready();
});

test("in the controller's own namespace an application needs no ServiceAccount, and has the controller's rights: none", async () => {
  const system = Tenant.of("mooring-system", world.api, world.git);
  const app = await system.application("own", { files, spec: { serviceAccountName: undefined } });
  await app.condition("Stalled", "True", "Forbidden");
  expect(await world.api.get("ConfigMap", "mooring-system", "settings")).toBeUndefined();
});
