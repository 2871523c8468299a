import { expect, test } from "vitest";
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
