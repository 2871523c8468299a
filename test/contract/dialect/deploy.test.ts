/** What is shipped in deploy/, on a real apiserver with Pod Security and RBAC. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { connect } from "../../../src/cluster/connection.ts";
import { installationSeed } from "../../../src/cluster/installation.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import { createTransport } from "../../../src/cluster/transport.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const controller = "system:serviceaccount:mooring-system:mooring";

let plane: ControlPlane;
let rendered: string;

beforeAll(async () => {
  // With a controller manager: it fills the ClusterRole `admin`.
  plane = await startControlPlane({ audit: false });
  rendered = await plane.kubectl(["kustomize", `${root}deploy/base`]);
  await plane.kubectl(["apply", "--server-side", "-f", "-"], rendered);
  await untilServed(plane, "applications.mooring.dev");
}, 120_000);

afterAll(async () => {
  await plane?.stop();
});

test("deploy/install.yaml is up to date: otherwise `kubectl kustomize deploy/base > deploy/install.yaml`", async () => {
  expect(await readFile(`${root}deploy/install.yaml`, "utf8")).toBe(rendered);
});

test("the controller's Pod is admitted where Pod Security is restricted", async () => {
  const deployment = parseAllDocuments(rendered)
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "Deployment");
  const { metadata, spec } = deployment.spec.template;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, name: "probe", namespace: "mooring-system" },
    spec,
  };
  const create = (object: object) =>
    plane.kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(object));
  await expect(create(pod)).resolves.toContain("created");

  const privileged = structuredClone(pod);
  privileged.spec.containers[0].securityContext = { privileged: true };
  await expect(create(privileged)).rejects.toThrow('violates PodSecurity "restricted');
});

describe("the controller's own rights", () => {
  async function may(verb: string, resource: string, ...more: string[]): Promise<boolean> {
    const review = ["auth", "can-i", verb, resource, `--as=${controller}`, ...more];
    const answer = await plane.kubectl(review).catch((error: Error) => error.message);
    return answer.trim() === "yes";
  }

  test("are what it does", async () => {
    const needed: readonly string[][] = [
      ["watch", "deployments.apps", "-A"],
      ["list", "widgets.example.dev", "-A"],
      ["patch", "applications.mooring.dev", "-A"],
      ["patch", "applications.mooring.dev", "--subresource=status", "-A"],
      ["create", "events.events.k8s.io", "-A"],
      ["impersonate", "serviceaccounts", "-A"],
      ["create", "leases.coordination.k8s.io", "-n=mooring-system"],
      ["patch", "leases.coordination.k8s.io", "-n=mooring-system"],
      ["get", "secrets/mooring-installation", "-n=mooring-system"],
      ["create", "secrets", "-n=mooring-system"],
    ];
    for (const [verb = "", resource = "", ...more] of needed)
      expect([verb, resource, await may(verb, resource, ...more)]).toEqual([verb, resource, true]);
  });

  test("write no target object, and make it nobody else", async () => {
    const refused: readonly string[][] = [
      ["create", "deployments.apps", "-A"],
      ["patch", "configmaps", "-A"],
      ["delete", "secrets", "-A"],
      ["create", "secrets", "-n=default"],
      ["patch", "secrets/mooring-installation", "-n=mooring-system"],
      ["patch", "namespaces", "-A"],
      ["create", "applications.mooring.dev", "-A"],
      ["delete", "applications.mooring.dev", "-A"],
      ["patch", "serviceaccounts", "-A"],
      ["create", "serviceaccounts", "--subresource=token", "-A"],
      ["create", "pods", "--subresource=exec", "-A"],
      ["bind", "clusterroles.rbac.authorization.k8s.io", "-A"],
      ["escalate", "clusterroles.rbac.authorization.k8s.io", "-A"],
      ["impersonate", "users", "-A"],
      ["impersonate", "groups", "-A"],
      ["patch", "leases.coordination.k8s.io", "-n=kube-system"],
    ];
    for (const [verb = "", resource = "", ...more] of refused)
      expect([verb, resource, await may(verb, resource, ...more)]).toEqual([verb, resource, false]);
  });
});

describe("the installation's secret", () => {
  const made: string[] = [];
  const asReplica = async (): Promise<Uint8Array> => {
    const account = { serviceAccount: "mooring", namespace: "mooring-system" };
    const kubeconfig = await plane.kubeconfigFor(account);
    const connection = await connect({ kubeconfig, env: {} });
    try {
      const objects = new Objects(createTransport(connection, { maxInFlight: 2 }));
      return await installationSeed(objects, account.namespace, randomBytes, (what) => {
        made.push(what);
      });
    } finally {
      await connection.close();
    }
  };
  const named = ["mooring-installation", "-n=mooring-system"];
  const secret = ["secret", ...named];

  test("is made once, by whichever replica comes first, and the same for all", async () => {
    const seeds = await Promise.all([asReplica(), asReplica(), asReplica()]);
    const later = await asReplica();
    expect(later).toHaveLength(32);
    for (const seed of seeds) expect(Buffer.compare(seed, later)).toBe(0);
    const stored = JSON.parse(await plane.kubectl(["get", ...secret, "-o=json"]));
    expect(Buffer.from(stored.data.renderSeed, "base64").equals(later)).toBe(true);
    expect(stored.immutable).toBe(true);
    expect(made).toEqual([expect.stringContaining("mooring-system/mooring-installation")]);
  });

  test("that holds no seed is refused by name, and never replaced", async () => {
    await plane.kubectl(["delete", ...secret]);
    await plane.kubectl([
      "create",
      "secret",
      "generic",
      ...named,
      "--from-literal=renderSeed=hunter2",
    ]);
    const refusal = await asReplica().catch((error: Error) => error.message);
    expect(refusal).toContain("Secret mooring-system/mooring-installation has no renderSeed");
    expect(refusal).not.toContain("hunter2");
    await plane.kubectl(["delete", ...secret]);
  });
});

describe("impersonating a ServiceAccount by its name alone", () => {
  const deployer = "--as=system:serviceaccount:team-a:deployer";
  async function asController(...args: readonly string[]): Promise<string> {
    const kubeconfig = await plane.kubeconfigFor({
      serviceAccount: "mooring",
      namespace: "mooring-system",
    });
    return plane.kubectl([`--kubeconfig=${kubeconfig}`, ...args]);
  }

  test("needs no right on groups, and the apiserver adds the ServiceAccount's own", async () => {
    const answer = JSON.parse(await asController("auth", "whoami", "-o=json", deployer));
    expect(answer.status.userInfo.username).toBe("system:serviceaccount:team-a:deployer");
    expect([...answer.status.userInfo.groups].sort()).toEqual([
      "system:authenticated",
      "system:serviceaccounts",
      "system:serviceaccounts:team-a",
    ]);
  });

  test("lets the controller be neither a user nor in a group", async () => {
    await expect(asController("get", "namespaces", "--as=alice")).rejects.toThrow(
      'cannot impersonate resource "users"',
    );
    await expect(
      asController("get", "namespaces", deployer, "--as-group=system:masters"),
    ).rejects.toThrow('cannot impersonate resource "groups"');
  });
});

test("the example Applications and the shop that it deploys are accepted as they are", async () => {
  const apply = (path: string, ...more: string[]) =>
    plane.kubectl(["apply", "--server-side", "--validate=strict", "-f", `${root}${path}`, ...more]);
  await apply("examples/application.yaml");
  await apply("examples/kustomize.yaml");
  await apply("examples/helm.yaml");
  const identity = "--as=system:serviceaccount:team-a:deployer";
  const applied = await vi.waitFor(
    () => apply("examples/shop/deploy/prod", "--namespace=shop", identity),
    { timeout: 90_000, interval: 250 },
  );
  // Less, and removing one file in the tour would be held by the prune guard.
  expect(applied.trim().split("\n").length).toBeGreaterThanOrEqual(8);
});
