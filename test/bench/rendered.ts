/** Applications that are charts and kustomizations, of one ConfigMap each, beside the others. */
import { setTimeout as delay } from "node:timers/promises";
import type { RunningController } from "../e2e/harness/controller.ts";
import { manifest } from "../e2e/harness/manifests.ts";
import { total } from "../e2e/harness/metrics.ts";
import { contentTypes } from "./api-client.ts";
import type { Figure } from "./figure.ts";
import { inFlight } from "./in-flight.ts";
import { allReadyAt } from "./install.ts";
import { peakMiB } from "./processes.ts";
import { requestsInFlight, type Setting } from "./setting.ts";
import { application, applicationPath, configMap, type WorkloadApplication } from "./workload.ts";

const ofEach = 20;
const chartPath = "rendered/chart";
const restDeadlineMs = 120_000;
const lookMs = 3_000;
const goalMiB = 400;

/** Deploys them, and waits until they are there and the renderers have left memory again. */
export async function measureRendered(
  setting: Setting,
  controller: RunningController,
): Promise<Figure[]> {
  const { applications, client, repository, repositoryUrl } = setting;
  const namespace = applications[0]?.namespace;
  if (namespace === undefined) throw new Error("there are no applications");
  const charts = named("chart", namespace, () => chartPath);
  const kustomizations = named("kustomization", namespace, (name) => `rendered/${name}`);
  const commit = await repository.commit(files(kustomizations));
  const rendered = [...charts, ...kustomizations];
  await inFlight(requestsInFlight, rendered, (app) =>
    client.send({
      method: "POST",
      path: applicationPath(app.namespace),
      contentType: contentTypes.json,
      body: application(app, repositoryUrl),
    }),
  );
  await allReadyAt({ ...setting, applications: [...applications, ...rendered] }, commit);
  const peak = await peakMiB(controller.pid);
  const deadline = performance.now() + restDeadlineMs;
  while (total(await controller.metrics(), "mooring_render_threads") > 0) {
    if (performance.now() > deadline) throw new Error("the renderers' threads do not go");
    // Seldom: to be asked is work, and it is to come to rest.
    await delay(lookMs);
  }
  return [
    {
      scenario: "B5",
      what: `memory at most, ${rendered.length} charts and kustomizations included`,
      value: peak,
      unit: "MiB",
      atMost: goalMiB,
    },
  ];
}

function named(
  kind: string,
  namespace: string,
  pathOf: (name: string) => string,
): WorkloadApplication[] {
  return Array.from({ length: ofEach }, (_, index) => {
    const name = `${kind}-${index}`;
    return { namespace, name, path: pathOf(name), configMaps: [`${name}-config`] };
  });
}

function files(kustomizations: readonly WorkloadApplication[]): Record<string, string> {
  const kustomization = (fields: object) =>
    manifest({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      metadata: { name: "rendered" },
      ...fields,
    });
  return {
    [`${chartPath}/Chart.yaml`]: "apiVersion: v2\nname: config\nversion: 1.0.0\n",
    [`${chartPath}/templates/config.yaml`]: manifest(configMap("config", "first")).replace(
      "name: config",
      "name: {{ .Release.Name }}-config",
    ),
    "rendered/base/kustomization.yaml": kustomization({ resources: ["config.yaml"] }),
    "rendered/base/config.yaml": manifest(configMap("config", "first")),
    ...Object.fromEntries(
      kustomizations.map(({ name, path }) => [
        `${path}/kustomization.yaml`,
        kustomization({ namePrefix: `${name}-`, resources: ["../base"] }),
      ]),
    ),
  };
}
