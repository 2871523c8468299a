/** B1: cold install of every application, from the first Application created to the last one ready. */
import type { RunningController } from "../e2e/harness/controller.ts";
import type { TestApplication } from "../e2e/harness/status.ts";
import { contentTypes } from "./api-client.ts";
import type { Figure } from "./figure.ts";
import { inFlight } from "./in-flight.ts";
import { usageOf } from "./processes.ts";
import { type RequestCounts, requestCounts, untilQuiet } from "./requests.ts";
import { requestsInFlight, type Setting } from "./setting.ts";
import { median } from "./statistics.ts";
import { application, applicationPath, placesOf } from "./workload.ts";

/** The stage's goal, as a multiple of the floor. */
const goal = 2;
const deadlineMs = 600_000;

export interface Installation {
  readonly seconds: number;
  /** Of these, for creating the Applications: requests that the floor has not. */
  readonly creatingSeconds: number;
  readonly objects: number;
  readonly requests: RequestCounts;
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

export async function install(
  setting: Setting,
  controller: RunningController,
): Promise<Installation> {
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
  const createdAt = await created;
  await untilQuiet(audit);
  const after = await usageOf(controller.pid);
  return {
    seconds: (ready - started) / 1000,
    creatingSeconds: (createdAt - started) / 1000,
    objects: placesOf(applications).length,
    requests: requestCounts(await audit.requestsSince(mark)),
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    residentMiB: after.residentMiB,
  };
}

/** Each installation beside the floor of the same control plane, just before it. */
export interface Round {
  readonly floorSeconds: number;
  readonly installation: Installation;
}

/** Medians of the rounds: a machine that was busy with something else in one of them is forgiven. */
export function installFigures(rounds: readonly Round[]): Figure[] {
  const of = (read: (round: Round) => number) => rounds.map(read);
  const ratios = of(({ floorSeconds, installation }) => installation.seconds / floorSeconds);
  const applies = of(
    ({ installation }) => installation.requests.objectWrites / installation.objects,
  );
  const requests = of(({ installation }) => installation.requests.all / installation.objects);
  const figure = (what: string, value: number, unit: Figure["unit"], atMost?: number): Figure => ({
    scenario: "B1",
    what,
    value,
    unit,
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    {
      scenario: "floor",
      what: `bare writes, ${requestsInFlight} in flight; median of ${rounds.length}`,
      value: median(of(({ floorSeconds }) => floorSeconds)),
      unit: "s",
    },
    figure("install, until all are ready", median(of((round) => round.installation.seconds)), "s"),
    figure("install", median(ratios), "x floor", goal),
    figure("install, best round", Math.min(...ratios), "x floor"),
    figure(
      "of it: creating the Applications",
      median(of((round) => round.installation.creatingSeconds)),
      "s",
    ),
    figure("applies", Math.max(...applies), "per object", 1),
    figure("requests, all told", median(requests), "per object"),
    figure("CPU time of the controller", median(of((round) => round.installation.cpuSeconds)), "s"),
    figure(
      "memory of the controller, afterwards",
      median(of((round) => round.installation.residentMiB)),
      "MiB",
    ),
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
