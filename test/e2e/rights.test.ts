/**
 * The RBAC of deploy/: each right is used, nothing else is asked for, and without any one rule
 * something that is promised does not happen.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configMap, manifest, secret } from "./harness/manifests.ts";
import type { Tenant } from "./harness/tenant.ts";
import { waitFor } from "./harness/wait.ts";
import { RightsCluster } from "./rights/cluster.ts";
import { objectOf, writing } from "./rights/kinds.ts";
import { type Grant, installVariant, inWords, type Variant, withdraw } from "./rights/variant.ts";

let cluster: RightsCluster;
let teamA: Tenant;
let teamB: Tenant;

beforeAll(async () => {
  cluster = await RightsCluster.start();
  [teamA, teamB] = [await cluster.tenant("team-a"), await cluster.tenant("team-b")];
}, 120_000);
afterAll(() => cluster?.stop());

let clusterWide: Variant;
describe("cluster-wide", () => {
  beforeAll(async () => {
    clusterWide = await installVariant(cluster.plane, "cluster-wide");
  });

  test("every right is used, and none is lacking", async () => {
    await cluster.usesAllOf(clusterWide, [{ tenant: teamA, name: "everywhere" }]);
  });

  test("without any one rule a promise breaks", async () => {
    const shown = await cluster.breaksWithout(clusterWide, clusterWide.grants, [teamA]);
    expect(shown).toEqual(clusterWide.grants.map(inWords).sort());
  });
});

describe("listed kinds", () => {
  const isOfKinds = ({ rule: { resources } }: Grant) =>
    resources.every((resource) => resource in objectOf);
  let variant: Variant;
  let watching: Grant[];
  beforeAll(async () => {
    variant = await installVariant(cluster.plane, "listed-kinds");
    watching = variant.grants.filter(({ role }) => role === "mooring-watch");
    await teamA.grantInCluster(writing);
  });

  test("every right is used, and none is lacking", async () => {
    const kinds = { "deploy/kinds.yaml": manifest(...Object.values(objectOf)) };
    await cluster.usesAllOf(variant, [{ tenant: teamA, name: "all-kinds", files: kinds }]);
  });

  test("but for what it sees it has the rights of the cluster-wide variant", async () => {
    const others = ({ grants }: Variant) =>
      grants.filter(({ role }) => role !== "mooring-watch").map(inWords);
    expect(others(variant)).toEqual(others(clusterWide));
  });

  test("without what the controller starts with, it does not start or says what it misses", async () => {
    const rules = watching.filter((grant) => !isOfKinds(grant));
    expect(rules.flatMap(({ rule }) => rule.resources)).toEqual([
      "applications",
      "customresourcedefinitions",
    ]);
    await cluster.breaksWithout(variant, rules, [teamA]);
  });

  test("without the rule of a kind, and of Secrets always, objects of it are refused by name and not applied", async () => {
    const rules = watching.filter(isOfKinds);
    const kinds = rules.flatMap(({ rule }) => rule.resources);
    expect(kinds.sort()).toEqual(Object.keys(objectOf).sort());
    const restore = await withdraw(cluster.api, [...rules].reverse());
    try {
      await cluster.running(variant, async (controller) => {
        await controller.ready();
        const objects = { ...objectOf, secrets: secret("a-secret", { password: "hunter2" }) };
        const app = await teamB.application("unseen", {
          files: { "deploy/a.yaml": manifest(...Object.values(objects)) },
        });
        const { status } = await app.until(
          "all to be refused",
          (seen) => seen.status?.problems?.length === Object.keys(objects).length,
        );
        for (const { message } of status?.problems ?? [])
          expect(message).toContain("Mooring itself may not list and watch");
        for (const kind of ["ConfigMap", "Deployment", "Secret"] as const)
          expect(await cluster.api.get(kind, "team-b", `a-${kind.toLowerCase()}`)).toBeUndefined();
      });
    } finally {
      await restore();
    }
  });
});

describe("namespaced", () => {
  let variant: Variant;
  beforeAll(async () => {
    // What the cluster-wide variants have, and this one does without.
    const theirs = ["mooring-controller", "mooring-watch", "mooring-impersonate"];
    for (const kind of ["clusterrole", "clusterrolebinding"])
      await cluster.plane.kubectl(["delete", kind, "--ignore-not-found", ...theirs]);
    variant = await installVariant(cluster.plane, "namespaced");
  });

  const isOwn = ({ namespace }: Grant) => namespace === "mooring-system";
  const isOfCluster = ({ kind }: Grant) => kind === "ClusterRole";

  test("one watch for each namespace is all that it takes, and of the cluster a look at its own CRD", async () => {
    expect(variant.grants.filter(isOfCluster).map(inWords)).toEqual([
      "ClusterRole mooring-system-definition: list customresourcedefinitions applications.mooring.dev",
    ]);
    expect(variant.env.MOORING_WATCH_NAMESPACES).toBe("team-a,team-b");
    await cluster.usesAllOf(variant, [
      { tenant: teamA, name: "here" },
      { tenant: teamB, name: "here" },
    ]);
  });

  test("without any one rule a promise breaks, in each namespace", async () => {
    const own = variant.grants.filter(isOwn).map(inWords);
    expect(own).toEqual(clusterWide.grants.filter(isOwn).map(inWords));
    const rules = variant.grants.filter((grant) => !isOwn(grant) && !isOfCluster(grant));
    const shown = await cluster.breaksWithout(variant, rules, [teamA, teamB]);
    expect(shown).toEqual(rules.map(inWords).sort());
  });

  test("an object in another namespace is refused by name, and an Application there is not looked at", async () => {
    const elsewhere = await cluster.tenant("team-c");
    await cluster.running(variant, async (controller) => {
      await controller.ready();
      const ignored = await elsewhere.application("ignored", { files: {} });
      const app = await teamA.application("abroad", {
        files: {
          "deploy/a.yaml": manifest(
            configMap("here", {}),
            configMap("there", {}, { namespace: "team-c" }),
          ),
        },
      });
      const { status } = await app.until(
        "the refusal",
        (seen) => seen.status?.problems?.some(({ name }) => name === "there") === true,
      );
      expect(status?.problems?.find(({ name }) => name === "there")?.message).toContain(
        "namespace team-c is not one of --watch-namespaces",
      );
      await cluster.api.read("ConfigMap", "team-a", "here");
      expect(await cluster.api.get("ConfigMap", "team-c", "there")).toBeUndefined();
      expect((await ignored.get()).status).toBeUndefined();
    });
  });

  test("a lost record of what an Application owns is rebuilt from these namespaces alone", async () => {
    await cluster.running(variant, async (controller) => {
      await controller.ready();
      const [stays, goes] = [configMap("stays", {}), configMap("goes", {})];
      const app = await teamA.application("lost", {
        files: { "deploy/stays.yaml": manifest(stays), "deploy/goes.yaml": manifest(goes) },
      });
      await app.ready();
      await app.annotate({ "applyset.kubernetes.io/contains-group-kinds": null });
      await app.deploy({ "deploy/goes.yaml": null });
      expect(await controller.log()).toContain("the record of owned kinds is lost");
      expect(await cluster.api.get("ConfigMap", "team-a", "goes")).toBeUndefined();
    });
  });

  test("who deletes the CRD deletes no object: that is held; without the look at its own CRD it would not be", async () => {
    const look = variant.grants.filter(isOfCluster);
    const object = () => cluster.api.get("ConfigMap", "team-a", "kept");
    await cluster.running(variant, async (controller) => {
      await controller.ready();
      const app = await teamA.application("kept", {
        files: { "deploy/a.yaml": manifest(configMap("kept", { colour: "blue" })) },
      });
      await app.ready();
      await cluster.plane.kubectl(["delete", "crd/applications.mooring.dev", "--wait=false"]);
      const { message } = await app.condition("Stalled", "True", "PruneHeld");
      expect(message).toContain("the CRD of Applications is being deleted");
      expect(await object()).toBeDefined();
    });
    const restore = await withdraw(cluster.api, look);
    try {
      await cluster.running(variant, async (controller) => {
        await controller.ready();
        await waitFor("the object to be gone", object, (found) => found === undefined, 60_000);
      });
    } finally {
      await restore();
    }
  });
});
