/** `mooring check` before and after an installation, and of one that is broken in each way. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type GitServer, startGitServer } from "../git/server.ts";
import { type Cluster, install, startCluster } from "./harness/cluster.ts";
import { type CommandOptions, mooring, withoutChance } from "./harness/command.ts";
import { account } from "./harness/installation.ts";
import type { TestObject } from "./harness/kube-api.ts";
import { configMap, manifest } from "./harness/manifests.ts";
import { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";

let cluster: Cluster;
let git: GitServer;
beforeAll(async () => {
  [cluster, git] = await Promise.all([startCluster({ nodes: 1 }), startGitServer()]);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await git?.stop();
});

interface Finding {
  check: string;
  result: string;
  message: string;
}

function check(args: readonly string[] = [], options: Partial<CommandOptions> = {}) {
  return mooring(["check", ...args], { kubeconfig: cluster.plane.adminKubeconfig, ...options });
}

/** What is not well, as programs read it. */
async function complaints(options: Partial<CommandOptions> = {}): Promise<Finding[]> {
  const { out } = await check(["-o", "json"], options);
  return (JSON.parse(out) as { checks: Finding[] }).checks.filter(({ result }) => result !== "ok");
}

/** Authorisation follows its objects a moment later. */
function untilComplaints(
  what: string,
  holds: (found: readonly Finding[]) => boolean,
): Promise<Finding[]> {
  return waitFor(what, () => complaints(), holds, 30_000);
}

const versionless = (text: string) =>
  withoutChance(text)
    .replaceAll(/\bv?\d+\.\d+\.\d+\b/g, "<version>")
    .replace(/supported: [\d. to]+/, "supported: <range>");

const crdName = "applications.mooring.dev";

describe("before an installation", () => {
  test.each([80, 200])(
    "an administrator is told that nothing is in the way, %i columns wide",
    async (columns) => {
      const { code, out } = await check(["--pre"], { columns });
      expect(code).toBe(0);
      await expect(versionless(out)).toMatchFileSnapshot(`golden/check-pre-${columns}.txt`);
    },
  );

  test("somebody without rights is told each one", async () => {
    const kubeconfig = await cluster.plane.kubeconfigFor({ name: "stranger" });
    const { code, out } = await check(["--pre"], { kubeconfig });
    expect(code).toBe(1);
    expect(out).toContain(
      "✗ you may not get, create, patch customresourcedefinitions.apiextensions.k8s.io in the whole cluster\n",
    );
    expect(out).toContain(
      "✗ you may not get, create, patch deployments.apps in namespace mooring-system\n",
    );
    expect(out).toContain("✗ you may give the controller no rights that you lack yourself");
  });

  test("without --pre, that it is not there", async () => {
    const failures = (await complaints()).filter(({ result }) => result === "failure");
    expect(failures.map((one) => one.check)).toEqual(["crd", "deployment", "lease"]);
    expect((await check()).code).toBe(1);
  });

  test("a cluster that cannot be reached is one line", async () => {
    const kubeconfig = join(cluster.plane.dir, "nowhere");
    const config = parse(await readFile(cluster.plane.adminKubeconfig, "utf8"));
    // The port of discard, which nobody listens on.
    config.clusters[0].cluster.server = "https://127.0.0.1:9";
    await writeFile(kubeconfig, stringify(config), { mode: 0o600 });
    const { code, out } = await check([], { kubeconfig });
    expect(code).toBe(1);
    expect(out).toMatch(/^✗ https:\/\/127\.0\.0\.1:9 was not reached: .*\n$/);
  });
});

describe("of an installation", () => {
  let tenant: Tenant;

  beforeAll(async () => {
    await install(cluster);
    tenant = await Tenant.create("shop", cluster.api, git);
    const app = await tenant.application("web", {
      files: { "deploy/a.yaml": manifest(configMap("a", { v: "1" })) },
    });
    await app.ready(undefined, 60_000);
    await untilComplaints("the Pods to be ready", (found) => found.length === 0);
  }, 180_000);

  test.each([80, 200])("all is well, %i columns wide", async (columns) => {
    const { code, out } = await check([], { columns });
    expect(code).toBe(0);
    await expect(
      versionless(out).replace(/\(\d+ were asked for\)/, "(<n> were asked for)"),
    ).toMatchFileSnapshot(`golden/check-${columns}.txt`);
  });

  test("whoever may ask for nobody's rights is told what was not looked at, and it fails nothing", async () => {
    const kubeconfig = await cluster.plane.kubeconfigFor({ name: "auditor" });
    await cluster.plane.kubectl([
      ...["create", "clusterrolebinding", "auditor", "--clusterrole=view", "--user=auditor"],
    ]);
    await cluster.plane.kubectl([
      ...["create", "clusterrole", "auditor", "--verb=list"],
      "--resource=applications.mooring.dev,leases.coordination.k8s.io",
    ]);
    await cluster.plane.kubectl([
      ...["create", "clusterrolebinding", "auditor-too", "--clusterrole=auditor", "--user=auditor"],
    ]);
    const found = await waitFor(
      "the auditor's rights",
      () => complaints({ kubeconfig }),
      (all) => !all.some(({ check }) => check === "deployment" || check === "lease"),
    );
    expect(new Set(found.map(({ result }) => result))).toEqual(new Set(["unknown"]));
    expect(found).toContainEqual({
      check: "controller-rights",
      result: "unknown",
      message:
        "the controller's rights were not asked for: you may not create subjectaccessreviews.authorization.k8s.io",
    });
    expect((await check([], { kubeconfig })).code).toBe(0);
  });

  describe("without any one rule of the controller's rights", () => {
    const roles = [
      ["ClusterRole", "", "mooring-controller"],
      ["ClusterRole", "", "mooring-watch"],
      ["ClusterRole", "", "mooring-impersonate"],
      ["Role", account.namespace, "mooring-leases"],
      ["Role", account.namespace, "mooring-installation"],
    ] as const;

    test.each(roles)("%s %s/%s", async (kind, namespace, name) => {
      const { rules } = await cluster.api.read(kind, namespace, name);
      expect(rules.length).toBeGreaterThan(0);
      for (const rule of rules as object[]) {
        const rest = (rules as object[]).filter((one) => one !== rule);
        await cluster.api.patch(kind, namespace, name, { rules: rest });
        try {
          await untilComplaints(`a complaint without ${JSON.stringify(rule)}`, (found) =>
            found.some((one) => one.check === "controller-rights" && one.result === "failure"),
          );
        } finally {
          await cluster.api.patch(kind, namespace, name, { rules });
        }
      }
      await untilComplaints("none with all of them", (found) => found.length === 0);
    });
  });

  test("an Application without a ServiceAccount, or with one that may not write, is told", async () => {
    await cluster.api.patch("RoleBinding", "shop", "deployer", { subjects: null });
    const poor = await untilComplaints("the lost rights", (found) =>
      found.some(({ check }) => check === "service-accounts"),
    );
    expect(poor.map(({ message }) => message).join()).toContain(
      "shop/web: the ServiceAccount shop/deployer may not get configmaps in namespace shop, create configmaps",
    );
    await cluster.api.create({
      apiVersion: "mooring.dev/v1alpha1",
      kind: "Application",
      metadata: { namespace: "shop", name: "private" },
      spec: {
        serviceAccountName: "deployer",
        source: { git: { url: git.url("private"), secretRef: { name: "robot" } } },
      },
    });
    await untilComplaints("the Secret that may not be read", (found) =>
      found.some(({ message }) =>
        message.includes(
          "shop/private: the ServiceAccount shop/deployer may not get secrets robot in namespace shop",
        ),
      ),
    );
    await cluster.api.delete("Application", "shop", "private");
    await cluster.api.delete("ServiceAccount", "shop", "deployer");
    const [none] = await untilComplaints("the lost account", (found) =>
      found.some(({ message }) => message.includes("does not exist")),
    );
    expect(none?.message).toBe("shop/web: the ServiceAccount shop/deployer does not exist");
    await cluster.api.create({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { namespace: "shop", name: "deployer" },
    });
    await cluster.api.patch("RoleBinding", "shop", "deployer", {
      subjects: [{ kind: "ServiceAccount", namespace: "shop", name: "deployer" }],
    });
    await untilComplaints("all well again", (found) => found.length === 0);
  });

  test("a CRD of another version is told; before an upgrade it is as it should be", async () => {
    const crd = await cluster.api.read("CustomResourceDefinition", "", crdName);
    const [version] = crd.spec.versions;
    const { properties } = version.schema.openAPIV3Schema;
    const { suspend: _, ...older } = properties.spec.properties;
    const withSpec = (spec: object) => ({
      spec: {
        versions: [
          {
            ...version,
            schema: {
              openAPIV3Schema: {
                ...version.schema.openAPIV3Schema,
                properties: { ...properties, spec: { ...properties.spec, properties: spec } },
              },
            },
          },
        ],
      },
    });
    const put = (spec: object) =>
      cluster.api.patch("CustomResourceDefinition", "", crdName, withSpec(spec));
    await put(older);
    expect(await complaints()).toContainEqual({
      check: "crd",
      result: "failure",
      message: `the CRD ${crdName} is older than this program, and lacks spec.suspend: apply that of this version`,
    });
    expect((await check(["--pre"])).out).toContain(
      "of an earlier version, which the installation replaces",
    );
    await put({ ...properties.spec.properties, later: { type: "string" } });
    expect(await complaints()).toContainEqual({
      check: "crd",
      result: "warning",
      message: `the CRD ${crdName} is newer than this program, which does not know spec.later`,
    });
    await put(properties.spec.properties);
    await untilComplaints("none of that of this version", (found) => found.length === 0);
  });

  test("clocks that are apart are told", async () => {
    const ahead = (ms: number) => ({ now: () => new Date(Date.now() + ms) });
    const clockOf = async (ms: number) => {
      const [clock, ...more] = await complaints(ahead(ms));
      // Leases are judged by the apiserver's.
      expect(more).toEqual([]);
      return clock;
    };
    expect(await clockOf(60_000)).toMatchObject({
      result: "warning",
      message: expect.stringMatching(
        /^this machine's clock is (59|60|61) s ahead of the apiserver's/,
      ),
    });
    expect(await clockOf(-600_000)).toMatchObject({ result: "failure" });
  });

  test("Argo CD and Flux are told, and which objects of ours they write", async () => {
    const foreign = (group: string, kind: string): TestObject => ({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {
        name: `${kind.toLowerCase()}s.${group}`,
        annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
      },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase() },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object" } },
          },
        ],
      },
    });
    await cluster.api.create(foreign("argoproj.io", "Application"));
    await cluster.api.create(foreign("kustomize.toolkit.fluxcd.io", "Kustomization"));
    const found = await untilComplaints("both", (all) => all.length === 2);
    expect(found.map(({ result, message }) => `${result} ${message}`)).toEqual([
      expect.stringMatching(/^warning Argo CD is here, too/),
      expect.stringMatching(/^warning Flux is here, too/),
    ]);
    await cluster.api.patch(
      "ConfigMap",
      "shop",
      "a",
      {
        metadata: {
          annotations: { "argocd.argoproj.io/tracking-id": "guestbook:/ConfigMap:shop/a" },
        },
      },
      { manager: "argocd-controller" },
    );
    expect(await complaints()).toContainEqual({
      check: "shared-objects",
      result: "failure",
      message: "kept by Mooring and by another: ConfigMap shop/a (Argo CD application guestbook)",
    });
  });

  test("a controller that is not at work is told", async () => {
    await cluster.plane.kubectl([
      "scale",
      "deployment/mooring",
      "--replicas=0",
      "-n",
      account.namespace,
    ]);
    await cluster.deployed.follow();
    const found = await untilComplaints("both", (all) =>
      all.some(({ check }) => check === "lease"),
    );
    const messages = found.map(({ message }) => message);
    expect(messages).toContain("the Deployment mooring-system/mooring has no replicas");
    expect(messages).toContain(
      "Lease mooring-system/mooring-shard-0 is held by nobody: no replica is at work",
    );
    await cluster.api.patch("Lease", account.namespace, "mooring-shard-0", {
      spec: { holderIdentity: "lost", renewTime: "2026-01-01T00:00:00.000000Z" },
    });
    expect((await complaints()).map(({ message }) => message).join()).toMatch(
      /Lease mooring-system\/mooring-shard-0 was renewed \d+ s ago by lost/,
    );
    await cluster.api.patch("Lease", account.namespace, "mooring-shard-0", {
      spec: { renewTime: "2099-01-01T00:00:00.000000Z" },
    });
    expect(await complaints()).toContainEqual({
      check: "lease",
      result: "warning",
      message: expect.stringContaining("the clock of lost is ahead of the apiserver's"),
    });
  });
});
