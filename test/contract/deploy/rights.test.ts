/** What the shipped RBAC grants, all of it: more than is listed here is a mistake, and so is less. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { kustomize } from "./manifests.ts";

const controller = "system:serviceaccount:mooring-system:mooring";
const clusterScoped = [
  ...["mooring-controller", "mooring-watch", "mooring-impersonate"],
  "mooring-system-definition",
];
/** Of the whole cluster, in the namespaced variant. */
const definition =
  "customresourcedefinitions.apiextensions.k8s.io [applications.mooring.dev] [list]";

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane({ audit: false, workloads: false });
  for (const name of ["team-a", "team-b", "elsewhere"])
    await plane.kubectl(["create", "namespace", name]);
}, 120_000);
afterAll(async () => {
  await plane?.stop();
});

async function install(overlay: string): Promise<void> {
  for (const kind of ["clusterrole", "clusterrolebinding"])
    await plane.kubectl(["delete", kind, "--ignore-not-found", ...clusterScoped]);
  const objects = await kustomize(`deploy/overlays/${overlay}`);
  const rbac = objects.filter(({ kind }) =>
    /^(Namespace|ServiceAccount|CustomResourceDefinition|.*Role.*)$/.test(kind),
  );
  const text = rbac.map((object) => stringify(object)).join("---\n");
  await plane.kubectl(["apply", "--server-side", "-f", "-"], text);
}

/** Lines of `kubectl auth can-i --list`, without what everybody may. */
async function rightsIn(namespace: string): Promise<string[]> {
  const list = async (user: string): Promise<string[]> => {
    const groups = [
      "system:serviceaccounts",
      `system:serviceaccounts:${user.split(":")[2]}`,
      "system:authenticated",
    ].map((group) => `--as-group=${group}`);
    const asked = ["auth", "can-i", "--list", "--no-headers", `-n=${namespace}`, `--as=${user}`];
    const said = await plane.kubectl([...asked, ...groups]);
    return said
      .split("\n")
      .map((line) =>
        line
          .trim()
          .replace(/\s+/g, " ")
          .replace(/ \[\](?= )/g, ""),
      )
      .filter((line) => line !== "");
  };
  const everybodys = new Set(await list("system:serviceaccount:elsewhere:nobody"));
  return (await list(controller)).filter((line) => !everybodys.has(line)).sort();
}

const everyTenant = [
  "*.* [list watch]",
  "applications.mooring.dev [get patch]",
  "applications.mooring.dev/status [patch]",
  "events.events.k8s.io [create]",
  "serviceaccounts [deployer] [impersonate]",
];
const own = [
  "leases.coordination.k8s.io [get create patch]",
  "secrets [create]",
  "secrets [mooring-installation] [get]",
];

describe("cluster-wide", () => {
  beforeAll(() => install("cluster-wide"));

  test("it sees every kind, writes its own and takes the name of deployers", async () => {
    expect(await rightsIn("elsewhere")).toEqual(everyTenant);
  });

  test("in its own namespace it has its Leases and one Secret besides", async () => {
    expect(await rightsIn("mooring-system")).toEqual([...everyTenant, ...own].sort());
  });
});

describe("any ServiceAccount", () => {
  beforeAll(() => install("any-service-account"));

  test("it takes any ServiceAccount's name, and nothing else is wider", async () => {
    expect(await rightsIn("elsewhere")).toEqual(
      everyTenant.map((line) => line.replace("[deployer] ", "")).sort(),
    );
  });
});

describe("listed kinds", () => {
  beforeAll(() => install("listed-kinds"));

  test("Secrets are not among what it sees", async () => {
    const rights = await rightsIn("elsewhere");
    const applications = rights.filter((line) => line.startsWith("applications.mooring.dev ["));
    expect(
      applications
        .join()
        .match(/get|list|patch|watch/g)
        ?.sort(),
    ).toEqual(["get", "list", "patch", "watch"]);
    const others = (line: string) =>
      !/^applications\.mooring\.dev \[|^\*/.test(line) && !line.endsWith("[list watch]");
    expect(rights.filter(others)).toEqual(everyTenant.filter(others));
    expect(rights.join("\n")).not.toMatch(/secrets|\*/);
  });
});

describe("namespaced", () => {
  beforeAll(() => install("namespaced"));

  test("outside of its namespaces it has a look at its own CRD", async () => {
    expect(await rightsIn("elsewhere")).toEqual([definition]);
  });

  test("in each of them it has what it has everywhere otherwise", async () => {
    for (const team of ["team-a", "team-b"])
      expect(await rightsIn(team)).toEqual([...everyTenant, definition].sort());
  });

  test("in its own it sees nothing but what is its own", async () => {
    expect(await rightsIn("mooring-system")).toEqual([...own, definition].sort());
  });
});

describe("whatever the variant", () => {
  const refused: readonly string[][] = [
    ["get", "pods", "--subresource=exec"],
    ["create", "pods", "--subresource=exec"],
    ["get", "pods", "--subresource=log"],
    ["get", "nodes", "--subresource=proxy"],
    ["get", "services", "--subresource=proxy"],
    ["create", "serviceaccounts", "--subresource=token"],
    ["get", "secrets"],
    ["patch", "secrets/mooring-installation", "-n=mooring-system"],
    ["create", "secrets", "-n=team-a"],
    ["create", "deployments.apps"],
    ["delete", "applications.mooring.dev"],
    ["bind", "clusterroles.rbac.authorization.k8s.io"],
    ["escalate", "clusterroles.rbac.authorization.k8s.io"],
    ["impersonate", "users"],
    ["impersonate", "groups"],
    ["patch", "leases.coordination.k8s.io", "-n=kube-system"],
  ];
  beforeAll(() => install("any-service-account"));

  for (const words of refused)
    test(`it may not ${words.join(" ")}`, async () => {
      const place = words.some((word) => word.startsWith("-n=")) ? [] : ["-A"];
      const asked = ["auth", "can-i", ...words, ...place, `--as=${controller}`];
      const answer = await plane.kubectl(asked).catch((error: Error) => error.message);
      expect(answer).toMatch(/^no\s*$|ended with 1: *$/);
    });
});
