/** The cluster: is it there, is its version supported, does it do what Mooring asks of it? */
import { ApiError } from "../../cluster/api-error.ts";
import { kubernetesSupport, supportedKubernetes } from "../../cluster/supported-kubernetes.ts";
import type { ResourceKind } from "../../model/object.ts";
import { fieldManager } from "../access/applications.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Finding, finding, unanswered } from "./finding.ts";

const configMaps: ResourceKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["patch"],
};

/** Certificates and tokens begin to be refused, and ages are nonsense. */
const failingSkewMs = 5 * 60_000;
/** Half of a Lease's usual duration; the apiserver tells whole seconds. */
const noticeableSkewMs = 7_500;

/** @throws ApiError when there is no cluster to be asked */
export async function checkKubernetes(cluster: Cluster): Promise<Finding[]> {
  const { kubernetesVersion, unknownGroups } = await cluster.discovery();
  const findings = [versionFinding(kubernetesVersion)];
  if (unknownGroups.length > 0) {
    findings.push(
      finding(
        "apis",
        "warning",
        `${unknownGroups.join(", ")} do not answer: nothing of their kinds is pruned, and charts that ask for APIs wait`,
      ),
    );
  }
  return findings;
}

function versionFinding(version: string): Finding {
  const { oldest, newest } = supportedKubernetes;
  const range = `${oldest} to ${newest}`;
  switch (kubernetesSupport(version)) {
    case "supported":
      return finding("kubernetes", "ok", `Kubernetes ${version} (supported: ${range})`);
    case "older":
      return finding(
        "kubernetes",
        "failure",
        `Kubernetes ${version} is older than what is supported (${range}): upgrade the cluster`,
      );
    case "newer":
      return finding(
        "kubernetes",
        "warning",
        `Kubernetes ${version} is newer than what this version was tested on (${range})`,
      );
    case "unknown":
      return finding("kubernetes", "unknown", `the cluster says no version: ${version}`);
  }
}

/**
 * A server-side apply as a dry-run, which also tells the apiserver's time.
 * @returns also by how much this machine's clock is ahead, where that could be told
 * @param namespace one that the caller may write to, as far as that is known
 */
export async function checkApply(
  { objects }: Pick<Cluster, "objects">,
  namespace: string,
  now: () => Date,
): Promise<{ findings: Finding[]; skewMs: number | undefined }> {
  const probe = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace, name: "mooring-check" },
  };
  const what = "server-side apply as a dry-run";
  try {
    const before = now().getTime();
    const answer = await objects.apply(configMaps, probe, { fieldManager, dryRun: true });
    const between = (before + now().getTime()) / 2;
    const works = finding("server-side-apply", "ok", `${what} works`);
    // Whole seconds are told: half of one is the middle.
    const skewMs = between - (Date.parse(answer.metadata.creationTimestamp ?? "") + 500);
    if (Number.isNaN(skewMs)) return { findings: [works], skewMs: undefined };
    return { findings: [works, clockFinding(skewMs)], skewMs };
  } catch (error) {
    if (error instanceof ApiError && [400, 405, 415].includes(error.status)) {
      return only(finding("server-side-apply", "failure", `${what} is refused: ${error.message}`));
    }
    if (error instanceof ApiError && error.status === 404) {
      const message = `${what} was not tried, for there is no namespace ${namespace}`;
      return only(finding("server-side-apply", "unknown", message));
    }
    return only(unanswered("server-side-apply", `${what} was not tried`, error));
  }
}

function only(one: Finding): { findings: Finding[]; skewMs: undefined } {
  return { findings: [one], skewMs: undefined };
}

function clockFinding(skewMs: number): Finding {
  if (Math.abs(skewMs) <= noticeableSkewMs) {
    return finding("clock", "ok", "this machine's clock and the apiserver's agree");
  }
  const apart = `${Math.abs(Math.round(skewMs / 1000))} s ${skewMs > 0 ? "ahead of" : "behind"}`;
  const result = Math.abs(skewMs) > failingSkewMs ? "failure" : "warning";
  return finding("clock", result, `this machine's clock is ${apart} the apiserver's: set it`);
}
