/** B3: from telling the controller of a push, by annotation, to the change in the cluster. */
import { manifest } from "../e2e/harness/manifests.ts";
import { contentTypes } from "./api-client.ts";
import type { Figure } from "./figure.ts";
import { allReadyAt } from "./install.ts";
import { untilQuiet } from "./requests.ts";
import type { Setting } from "./setting.ts";
import { median, percentile } from "./statistics.ts";
import { applicationPath, configMap, fileOf } from "./workload.ts";

const pushes = 20;
const goalMs = 400;
const deadlineMs = 30_000;

/** Each push changes one object of one application; the next waits until all have its revision. */
export async function measurePushes(setting: Setting): Promise<Figure[]> {
  const { applications, audit, client, repository, sightings } = setting;
  const applied: number[] = [];
  const everywhere: number[] = [];
  for (let push = 0; push < pushes; push++) {
    const app = applications[Math.floor((push * applications.length) / pushes)];
    const [name] = app?.configMaps ?? [];
    if (app === undefined || name === undefined) throw new Error("there are no applications");
    const version = `push-${push}`;
    const commit = await repository.commit({
      [fileOf(app, name)]: manifest(configMap(name, version)),
    });
    const seen = sightings.configMaps.until(
      { namespace: app.namespace, name },
      version,
      ({ data }) => (data as { version: string }).version === version,
      deadlineMs,
    );
    const told = performance.now();
    await client.send({
      method: "PATCH",
      path: applicationPath(app.namespace, app.name),
      contentType: contentTypes.mergePatch,
      body: { metadata: { annotations: { "mooring.dev/refresh": version } } },
    });
    applied.push((await seen).at - told);
    everywhere.push((await allReadyAt(setting, commit)) - told);
    await untilQuiet(audit);
  }
  const figure = (what: string, value: number, atMost?: number): Figure => ({
    scenario: "B3",
    what,
    value,
    unit: "ms",
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    figure(`push told -> applied, p50 of ${pushes}`, median(applied), goalMs),
    figure("push told -> applied, p99", percentile(applied, 0.99)),
    figure("push told -> all applications at its revision, p50", median(everywhere)),
  ];
}
