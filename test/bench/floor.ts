/**
 * The floor: what the apiserver of this machine can do at most. A bare loop over one pool of
 * connections, by a ServiceAccount of its own, of the applies that the workload needs plus two
 * writes for each application: its ownership annotation and its final status.
 */
import { manifest } from "../e2e/harness/manifests.ts";
import { ApiClient, type BareRequest, contentTypes } from "./api-client.ts";
import { inFlight } from "./in-flight.ts";
import { requestsInFlight, type Setting } from "./setting.ts";
import {
  application,
  applicationPath,
  configMap,
  configMapPath,
  configMapRules,
  deployer,
  tenancy,
  type WorkloadApplication,
  workload,
} from "./workload.ts";

/** The first one warms the apiserver up and does not count. */
const loops = 3;
const rights = [
  ...configMapRules,
  {
    apiGroups: ["mooring.dev"],
    resources: ["applications", "applications/status"],
    verbs: ["patch"],
  },
];

/**
 * To be measured while no controller runs; leaves no Application behind.
 * @returns seconds
 */
export async function measureFloor(setting: Setting): Promise<number> {
  const times: number[] = [];
  for (let loop = 0; loop < loops; loop++) {
    times.push(await runLoop(setting, `floor-${loop}`));
  }
  const [, ...counted] = times;
  return counted.reduce((sum, seconds) => sum + seconds, 0) / counted.length;
}

/** @returns seconds */
async function runLoop(
  { applications, plane, client: admin, repositoryUrl }: Setting,
  namespace: string,
): Promise<number> {
  await plane.kubectl(
    ["apply", "--server-side", "-f", "-"],
    manifest(...tenancy(namespace, rights)),
  );
  const kubeconfig = await plane.kubeconfigFor({ serviceAccount: deployer, namespace });
  const bare = await ApiClient.connect(kubeconfig, requestsInFlight);
  const applied = workload(applications.length, () => namespace);
  await inFlight(requestsInFlight, applied, (app) =>
    admin.send({
      method: "POST",
      path: applicationPath(namespace),
      contentType: contentTypes.json,
      body: application(app, repositoryUrl),
    }),
  );
  try {
    const writes = applied.flatMap(writesOf);
    const started = performance.now();
    await inFlight(requestsInFlight, writes, (write) => bare.send(write));
    return (performance.now() - started) / 1000;
  } finally {
    await bare.close();
    await admin.send({ method: "DELETE", path: applicationPath(namespace) });
    await admin.send({ method: "DELETE", path: configMapPath(namespace) });
  }
}

/** Of the size that the controller's have. */
function writesOf(app: WorkloadApplication): BareRequest[] {
  const path = applicationPath(app.namespace, app.name);
  return [
    {
      method: "PATCH",
      path,
      contentType: contentTypes.mergePatch,
      body: { metadata: ownershipMarks },
    },
    ...app.configMaps.map(
      (name): BareRequest => ({
        method: "PATCH",
        path: `${configMapPath(app.namespace, name)}?fieldManager=mooring.0123456789`,
        contentType: contentTypes.apply,
        body: marked(configMap(name, "first")),
      }),
    ),
    {
      method: "PATCH",
      path: `${path}/status`,
      contentType: contentTypes.mergePatch,
      body: { status: finalStatus },
    },
  ];
}

const setId = `applyset-${"0".repeat(43)}-v1`;
const ownershipMarks = {
  labels: { "applyset.kubernetes.io/id": setId },
  annotations: {
    "applyset.kubernetes.io/tooling": "mooring/v1",
    "applyset.kubernetes.io/contains-group-kinds": "ConfigMap",
  },
};

function marked(object: ReturnType<typeof configMap>): object {
  const marks = {
    labels: { "applyset.kubernetes.io/part-of": setId },
    annotations: { "mooring.dev/applied-hash": "0".repeat(43) },
  };
  return { ...object, metadata: { ...object.metadata, ...marks } };
}

const revision = `main@sha1:${"0".repeat(40)}`;
const time = "2026-01-01T00:00:00Z";
const finalStatus = {
  observedGeneration: 1,
  revision,
  attemptedRevision: revision,
  sync: "Synced",
  health: "Healthy",
  objects: { total: 4, synced: 4, healthy: 4, drifted: 0, failed: 0 },
  conditions: ["Ready", "Synced", "Healthy", "Drifted", "Reconciling", "Stalled"].map((type) => ({
    type,
    status: "True",
    reason: "Succeeded",
    message: `all 4 objects are as ${revision} wants them`,
    observedGeneration: 1,
    lastTransitionTime: time,
  })),
};
