/** The controller: its Deployment, its Pods, its Leases. */
import { healthOf } from "../../health/health.ts";
import type { KubeObject, ResourceKind } from "../../model/object.ts";
import type { Cluster } from "../access/cluster.ts";
import { type Finding, finding, unanswered } from "./finding.ts";

const deployments: ResourceKind = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  resource: "deployments",
  namespaced: true,
  verbs: ["list"],
};
const pods: ResourceKind = { ...deployments, group: "", kind: "Pod", resource: "pods" };
const leases: ResourceKind = {
  ...deployments,
  group: "coordination.k8s.io",
  kind: "Lease",
  resource: "leases",
};
const labelSelector = "app.kubernetes.io/name=mooring";
const leasePrefix = "mooring-shard-";
/** The controller renews a Lease well before it runs out; later than so many durations it is not at work. */
const overdue = 2;
/** A renewal that lies so far ahead comes from another clock. */
const earlyMs = 7_500;

interface Container {
  image?: string;
  args?: readonly string[];
  env?: readonly { name: string; value?: string }[];
}

/** What of its Deployment the other checks go by. */
export interface Installed {
  serviceAccount: string;
  /** Empty: all. */
  watchNamespaces: readonly string[];
  defaultServiceAccount: string | undefined;
}

/** @returns what is installed, undefined where that is not known */
export async function checkDeployment(
  { objects }: Cluster,
  namespace: string,
  version: string,
): Promise<{ findings: Finding[]; installed: Installed | undefined }> {
  try {
    const { items } = await objects.list(deployments, { namespace, labelSelector });
    const [deployment] = items;
    if (deployment === undefined) {
      const message = `there is no Deployment of Mooring in namespace ${namespace} (${labelSelector}): name another with -n`;
      return { findings: [finding("deployment", "failure", message)], installed: undefined };
    }
    const findings = [deploymentFinding(deployment), ...imageFinding(deployment, version)];
    const listed = await objects.list(pods, { namespace, labelSelector }).then(
      (found) => podFindings(found.items),
      (error: unknown) => [unanswered("pods", "Pods were not looked at", error)],
    );
    return { findings: [...findings, ...listed], installed: installedBy(deployment) };
  } catch (error) {
    const what = "the controller's Deployment was not looked at";
    const unknown = unanswered("deployment", what, error);
    return { findings: [unknown], installed: undefined };
  }
}

function deploymentFinding(deployment: KubeObject): Finding {
  const { name = "", namespace = "" } = deployment.metadata;
  const { replicas = 1 } = (deployment.spec ?? {}) as { replicas?: number };
  const { readyReplicas = 0 } = (deployment.status ?? {}) as { readyReplicas?: number };
  const { state, message } = healthOf(deployment);
  const ready = `${readyReplicas} of ${replicas} replicas of the Deployment ${namespace}/${name} are ready`;
  if (replicas === 0)
    return finding("deployment", "failure", `the Deployment ${namespace}/${name} has no replicas`);
  if (state === "Healthy") return finding("deployment", "ok", ready);
  const why = message === undefined || message === "" ? "" : `: ${message}`;
  return finding("deployment", readyReplicas === 0 ? "failure" : "warning", `${ready}${why}`);
}

/** Only a tag says a version. */
function imageFinding(deployment: KubeObject, version: string): Finding[] {
  const { image = "" } = containerOf(deployment);
  const tag = /:([^:/@]+)(?:@.*)?$/.exec(image)?.[1]?.replace(/^v/, "");
  if (tag === undefined || !/^\d+\.\d+\.\d+/.test(tag)) return [];
  return tag === version
    ? [finding("version", "ok", `controller and command are both ${version}`)]
    : [finding("version", "warning", `the controller is ${tag}, this command ${version}`)];
}

function podFindings(items: readonly KubeObject[]): Finding[] {
  const sick = items
    .map((pod) => ({ pod, health: healthOf(pod) }))
    .filter(({ health }) => health.state === "Degraded");
  return sick.map(({ pod, health }) =>
    finding(
      "pods",
      "failure",
      `Pod ${pod.metadata.namespace}/${pod.metadata.name}: ${health.message}`,
    ),
  );
}

function containerOf({ spec }: KubeObject): Container {
  const { template } = (spec ?? {}) as {
    template?: { spec?: { containers?: readonly Container[] } };
  };
  return template?.spec?.containers?.[0] ?? {};
}

function installedBy(deployment: KubeObject): Installed {
  const { template } = (deployment.spec ?? {}) as {
    template?: { spec?: { serviceAccountName?: string } };
  };
  const watched = settingOf(deployment, "watch-namespaces") ?? "";
  return {
    serviceAccount: template?.spec?.serviceAccountName ?? "default",
    watchNamespaces: watched
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    defaultServiceAccount: settingOf(deployment, "default-service-account"),
  };
}

/** A flag of `mooring controller`, or its variable. */
function settingOf(deployment: KubeObject, flag: string): string | undefined {
  const { args = [], env = [] } = containerOf(deployment);
  const at = args.findIndex((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
  const given = args[at];
  if (given !== undefined)
    return given.includes("=") ? given.slice(given.indexOf("=") + 1) : args[at + 1];
  const variable = `MOORING_${flag.replaceAll("-", "_").toUpperCase()}`;
  return env.find(({ name }) => name === variable)?.value || undefined;
}

interface LeaseSpec {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number | null;
  renewTime?: string | null;
}

/** @param now as the apiserver's clock says, as far as that is known */
export async function checkLeases(
  { objects }: Cluster,
  namespace: string,
  now: Date,
): Promise<Finding[]> {
  try {
    const { items } = await objects.list(leases, { namespace });
    const ours = items.filter(({ metadata }) => metadata.name?.startsWith(leasePrefix));
    if (ours.length === 0) {
      return [
        finding(
          "lease",
          "failure",
          `no replica has ever led: there is no Lease ${leasePrefix}0 in namespace ${namespace}`,
        ),
      ];
    }
    const idle = ours.flatMap((lease) => idleFinding(lease, now));
    const held = ours.length === 1 ? "its Lease is held" : `its ${ours.length} Leases are held`;
    return idle.length > 0 ? idle : [finding("lease", "ok", held)];
  } catch (error) {
    return [unanswered("lease", "the controller's Leases were not looked at", error)];
  }
}

function idleFinding({ metadata, spec }: KubeObject, now: Date): Finding[] {
  const { holderIdentity, leaseDurationSeconds, renewTime } = (spec ?? {}) as LeaseSpec;
  const who = `Lease ${metadata.namespace}/${metadata.name}`;
  if (holderIdentity === undefined || holderIdentity === null || holderIdentity === "") {
    return [finding("lease", "failure", `${who} is held by nobody: no replica is at work`)];
  }
  const since = now.getTime() - Date.parse(renewTime ?? "");
  const longest = (leaseDurationSeconds ?? 15) * 1000 * overdue;
  if (since < -earlyMs) {
    const early = Math.round(-since / 1000);
    return [
      finding(
        "lease",
        "warning",
        `${who} was renewed ${early} s from now: the clock of ${holderIdentity} is ahead of the apiserver's`,
      ),
    ];
  }
  return since > longest
    ? [
        finding(
          "lease",
          "failure",
          `${who} was renewed ${Math.round(since / 1000)} s ago by ${holderIdentity}: no replica is at work`,
        ),
      ]
    : [];
}
