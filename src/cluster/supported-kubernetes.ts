/**
 * The Kubernetes versions that Mooring supports: those whose real control planes its tests run
 * on, the newest in every run and the oldest on demand (`npm run test:oldest`), and those
 * between. `mooring check`, the chart's kubeVersion and the documentation say no other.
 */

/** Minor versions, both supported. */
export const supportedKubernetes = { oldest: "1.31", newest: "1.36" } as const;

/** `newer`: not tested, expected to work. `unknown`: it names no version. */
export type KubernetesSupport = "supported" | "older" | "newer" | "unknown";

/** @param version as the API server says it, such as `v1.36.3` or `v1.34.1-eks-113cf36` */
export function kubernetesSupport(version: string): KubernetesSupport {
  const minor = minorOf(version);
  if (Number.isNaN(minor)) return "unknown";
  if (minor < minorOf(supportedKubernetes.oldest)) return "older";
  return minor > minorOf(supportedKubernetes.newest) ? "newer" : "supported";
}

/** 36 of `v1.36.3`; NaN where there is none. */
function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1]);
}
