/** What is shipped in deploy/, on a real apiserver with Pod Security and RBAC. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { generatedManifests } from "../../../deploy/generate.ts";
import { connect } from "../../../src/cluster/connection.ts";
import { installationSeed } from "../../../src/cluster/installation.ts";
import { Objects } from "../../../src/cluster/objects.ts";
import { createTransport } from "../../../src/cluster/transport.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { untilServed } from "../../cluster/served.ts";
import { byName, kustomize, type Manifest, overlays, root } from "./manifests.ts";

let plane: ControlPlane;

beforeAll(async () => {
  // With a controller manager: it fills the ClusterRole `admin`, and makes the Pods.
  plane = await startControlPlane({ audit: false, nodes: 2 });
  for (const name of ["team-a", "team-b"]) await plane.kubectl(["create", "namespace", name]);
  await apply(await kustomize("deploy/overlays/cluster-wide"));
  await untilServed(plane, "applications.mooring.dev");
}, 120_000);

afterAll(async () => {
  await plane?.stop();
});

function apply(objects: readonly Manifest[], ...more: string[]): Promise<string> {
  const text = objects.map((object) => stringify(object)).join("---\n");
  return plane.kubectl(["apply", "--server-side", ...more, "-f", "-"], text);
}

test("what is generated of deploy/ is up to date: otherwise `npm run generate`", async () => {
  for (const { path, text } of await generatedManifests())
    expect([path, (await readFile(`${root}${path}`, "utf8")) === text]).toEqual([path, true]);
});

describe("Pod Security", () => {
  const create = (object: object) =>
    plane.kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(object));

  async function podOf(overlay: string): Promise<Manifest> {
    const { "Deployment mooring-system/mooring": deployment } = byName(
      await kustomize(`deploy/overlays/${overlay}`),
    );
    const { metadata, spec } = deployment?.spec.template ?? {};
    const place = { name: "probe", namespace: "mooring-system" };
    return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, ...place }, spec };
  }

  for (const overlay of overlays)
    test(`the Pod of ${overlay} is admitted where the level is restricted`, async () => {
      await expect(create(await podOf(overlay))).resolves.toContain("created");
    });

  test("a Pod with a privilege more is not", async () => {
    const pod = await podOf("cluster-wide");
    pod.spec.containers[0].securityContext = { privileged: true };
    await expect(create(pod)).rejects.toThrow('violates PodSecurity "restricted');
  });
});

test("the Deployment has both Pods, on two nodes, and a drain may take one of them", async () => {
  const pods = await vi.waitFor(
    async () => {
      const listed = await plane.kubectl(["get", "pods", "-n=mooring-system", "-o=json"]);
      const { items } = JSON.parse(listed) as { items: Manifest[] };
      expect(items.map(({ status }) => status.phase)).toEqual(["Running", "Running"]);
      return items;
    },
    { timeout: 50_000, interval: 250 },
  );
  expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(2);
  await vi.waitFor(
    async () => {
      const budget = await plane.kubectl(["get", "pdb/mooring", "-n=mooring-system", "-o=json"]);
      expect(JSON.parse(budget).status).toMatchObject({
        expectedPods: 2,
        desiredHealthy: 1,
        disruptionsAllowed: 1,
      });
    },
    { timeout: 50_000, interval: 250 },
  );
});

test("the Service leads to both of them", async () => {
  await vi.waitFor(
    async () => {
      const selector = "-l=kubernetes.io/service-name=mooring";
      const slices = ["get", "endpointslices", "-n=mooring-system", selector, "-o=json"];
      const { items } = JSON.parse(await plane.kubectl(slices)) as { items: Manifest[] };
      const [slice] = items;
      expect(slice?.ports).toMatchObject([{ name: "http", port: 8080 }]);
      expect(slice?.endpoints).toHaveLength(2);
    },
    { timeout: 50_000, interval: 250 },
  );
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
