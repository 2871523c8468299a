/** B1: cold install of every application, from the first Application created to the last one ready. */
import type { RunningController } from "../e2e/harness/controller.ts";
import type { TestApplication } from "../e2e/harness/status.ts";
import { contentTypes } from "./api-client.ts";
import type { Figure } from "./figure.ts";
import type { Floor } from "./floor.ts";
import { inFlight } from "./in-flight.ts";
import { usageOf } from "./processes.ts";
import { requestCounts, untilQuiet } from "./requests.ts";
import { requestsInFlight, type Setting } from "./setting.ts";
import { application, applicationPath, placesOf } from "./workload.ts";

/** The stage's goal, as a multiple of the floor. */
const goal = 2;
const deadlineMs = 600_000;

/** @param floor absent: it is installed all the same, for what is measured next */
export async function install(
  setting: Setting,
  controller: RunningController,
  floor: Floor | undefined,
): Promise<Figure[]> {
  const { applications, audit, client, repository, repositoryUrl } = setting;
  const commit = await repository.resolve("main");
  const mark = await audit.mark();
  const before = await usageOf(controller.pid);
  const started = performance.now();
  const created = inFlight(requestsInFlight, applications, (app) =>
    client.send({
      method: "POST",
      path: applicationPath(app.namespace),
      contentType: contentTypes.json,
      body: application(app, repositoryUrl),
    }),
  ).then(() => performance.now());
  const ready = await allReadyAt(setting, commit);
  const seconds = (ready - started) / 1000;
  const creating = ((await created) - started) / 1000;
  await untilQuiet(audit);
  if (floor === undefined) return [];

  const after = await usageOf(controller.pid);
  const objects = placesOf(applications).length;
  const counts = requestCounts(await audit.requestsSince(mark));
  const figure = (what: string, value: number, unit: Figure["unit"], atMost?: number): Figure => ({
    scenario: "B1",
    what,
    value,
    unit,
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    figure("install, until all are ready", seconds, "s"),
    figure("install", seconds / floor.seconds, "x floor", goal),
    figure("of it: creating the Applications", creating, "s"),
    figure("applies", counts.objectWrites / objects, "per object", 1),
    figure("requests, all told", counts.all / objects, "per object"),
    figure("CPU time of the controller", after.cpuSeconds - before.cpuSeconds, "s"),
    figure("memory of the controller, afterwards", after.residentMiB, "MiB"),
  ];
}

/** @returns when the last one was seen to be ready at the commit, by `performance.now()` */
export async function allReadyAt(
  { applications, sightings }: Setting,
  commit: string,
): Promise<number> {
  const seen = await Promise.all(
    applications.map((app) =>
      sightings.applications.until(
        app,
        `ready at ${commit}`,
        (object) => isReadyAt(object as unknown as TestApplication, commit),
        deadlineMs,
      ),
    ),
  );
  return Math.max(...seen.map(({ at }) => at));
}

function isReadyAt({ status }: TestApplication, commit: string): boolean {
  return (
    status?.revision?.endsWith(commit) === true &&
    status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
  );
}
