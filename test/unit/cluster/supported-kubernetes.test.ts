import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { pinnedVersion } from "../../../setup/control-plane.mjs";
import {
  kubernetesSupport,
  supportedKubernetes,
} from "../../../src/cluster/supported-kubernetes.ts";

const { oldest, newest } = supportedKubernetes;

test.each([
  [`v${oldest}.0`, "supported"],
  ["v1.34.1-eks-113cf36", "supported"],
  ["v1.33.4+k3s1", "supported"],
  [`v${newest}.3`, "supported"],
  [newest, "supported"],
  ["v1.9.11", "older"],
  ["v1.30.14-gke.100", "older"],
  ["v1.100.0", "newer"],
  ["v2.0.0", "unknown"],
  ["", "unknown"],
] as const)("a cluster of %s is %s", (version, support) => {
  expect(kubernetesSupport(version)).toBe(support);
});

test("the documentation and the chart name the same versions", () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  for (const path of ["docs/reference/compatibility.md", "README.md"])
    expect(read(path), path).toContain(`${oldest} to ${newest}`);
  expect(read("docs/reference/compatibility.md")).toContain(
    `| ${newest} | ${pinnedVersion("kubernetes", {}).slice(1)} |`,
  );
  expect(read("docs/reference/compatibility.md")).toContain(
    `| ${oldest} | ${pinnedVersion("kubernetes", { MOORING_KUBERNETES: oldest }).slice(1)} |`,
  );
  expect(parse(read("deploy/chart/Chart.yaml")).kubeVersion).toBe(`>=${oldest}.0-0`);
});
