import { describe, expect, test } from "vitest";
import type { ApiVersions } from "../../../src/cluster/api-versions.ts";
import type { Discovery } from "../../../src/cluster/discovery.ts";
import { followsCluster, renderSourceOf } from "../../../src/reconcile/render-source.ts";
import { application } from "../status/fixtures.ts";

const known: ApiVersions = { list: ["v1", "v1/Pod"], digest: "d" };
const git = { url: "https://git.example/shop.git" };

function sourceOf(
  spec: Record<string, unknown>,
  apiVersions: ApiVersions = known,
  isGuess = false,
) {
  const discovery = { apiVersions, kubernetesVersion: "v1.36.3" } as Discovery;
  const surroundings = { discovery, renderSeed: ({ uid }: { uid: string }) => Buffer.from(uid) };
  return renderSourceOf(application(spec), surroundings, isGuess);
}

test("an Application that says nothing is rendered as its directory says, for the cluster", () => {
  expect(sourceOf({ source: { git, path: "deploy" } })).toEqual({
    path: "deploy",
    tool: "auto",
    helm: undefined,
    releaseName: "shop",
    namespace: "team-a",
    capabilities: { kubeVersion: "v1.36.3", apiVersions: known.list },
    seed: Buffer.from(application().uid),
    key: "team-a/shop",
    scope: `team-a ${git.url}`,
  });
});

test.each(["helm", "kustomize", "directory"] as const)("%s is taken at its word", (tool) => {
  expect(sourceOf({ source: { git, [tool]: {} } }).tool).toBe(tool);
});

test("a release is of the destination's namespace, unless the source says another", () => {
  const destination = { namespace: "shop" };
  expect(sourceOf({ source: { git }, destination }).namespace).toBe("shop");
  const helm = { namespace: "other", releaseName: "blue" };
  expect(sourceOf({ source: { git, helm }, destination })).toMatchObject(helm);
});

describe("the cluster's capabilities", () => {
  const unknown = { unknown: "nobody answers" };

  test("that are not known are said to be so, not taken for none", () => {
    expect(sourceOf({ source: { git } }, unknown).capabilities).toEqual(unknown);
  });

  test("that are known in part are enough for a guess, and for nothing else", () => {
    const partly = { ...unknown, answered: ["v1"] };
    expect(sourceOf({ source: { git } }, partly).capabilities).toEqual(unknown);
    expect(sourceOf({ source: { git } }, partly, true).capabilities).toEqual({
      kubeVersion: "v1.36.3",
      apiVersions: ["v1"],
    });
    expect(sourceOf({ source: { git } }, unknown, true).capabilities).toEqual(unknown);
  });

  test("are not asked for where the source describes a cluster itself", () => {
    const helm = { kubeVersion: "1.30.0", apiVersions: ["v1"] };
    const { capabilities } = sourceOf({ source: { git, helm } }, unknown);
    expect(capabilities).toEqual({ kubeVersion: "1.30.0", apiVersions: ["v1"] });
    expect(followsCluster(application({ source: { git, helm } }))).toBe(false);
    const half = { git, helm: { kubeVersion: "1.30.0" } };
    expect(followsCluster(application({ source: half }))).toBe(true);
  });
});
