/** B4: from the answer to somebody's edit to the desired value, seen again. */
import type { KubeObject } from "../../src/model/object.ts";
import { contentTypes } from "./api-client.ts";
import type { Figure } from "./figure.ts";
import { untilQuiet } from "./requests.ts";
import type { Setting } from "./setting.ts";
import { median, percentile } from "./statistics.ts";
import { configMapPath, type Place, placesOf } from "./workload.ts";

const singleEdits = 40;
const editsAtOnce = 100;
const goalMs = 50;
const deadlineMs = 30_000;
const edited = "edited by hand";
/** A single edit meets a controller that has told of the last one. */
const betweenEditsMs = 300;

/** No object is edited twice: a repeated edit is a fight, and those are healed slowly on purpose. */
export async function measureHeals(setting: Setting): Promise<Figure[]> {
  const places = placesOf(setting.applications);
  const single = spread(places, Math.min(singleEdits, Math.floor(places.length / 2)));
  const others = places.filter((place) => !single.includes(place));
  const burst = spread(others, Math.min(editsAtOnce, others.length));

  const one: number[] = [];
  for (const place of single) {
    const { healed, answered } = await edit(setting, place);
    one.push(healed - answered);
    await untilQuiet(setting.audit, betweenEditsMs);
  }
  await untilQuiet(setting.audit);
  const started = performance.now();
  const many = await Promise.all(burst.map((place) => edit(setting, place)));
  const each = many.map(({ healed, answered }) => healed - answered);
  const last = Math.max(...many.map(({ healed }) => healed)) - started;
  await untilQuiet(setting.audit);

  const figure = (what: string, value: number, atMost?: number): Figure => ({
    scenario: "B4",
    what,
    value,
    unit: "ms",
    ...(atMost === undefined ? {} : { atMost }),
  });
  return [
    figure(`edit -> healed, p50 of ${single.length}`, median(one), goalMs),
    figure("edit -> healed, p99", percentile(one, 0.99)),
    figure(`${burst.length} edits at once -> healed, p50`, median(each)),
    figure(`${burst.length} edits at once -> healed, p99`, percentile(each, 0.99)),
    figure(`first of ${burst.length} edits sent -> last healed`, last),
  ];
}

/** @returns times by `performance.now()` */
async function edit(
  { client, sightings }: Setting,
  place: Place,
): Promise<{ answered: number; healed: number }> {
  const key = "version";
  const read = (object: KubeObject | undefined) =>
    (object?.data as Record<string, string> | undefined)?.[key];
  const desired = read(sightings.configMaps.get(place));
  let isEdited = false;
  const seen = sightings.configMaps.until(
    place,
    "edited and then healed",
    (object) => {
      isEdited ||= read(object) === edited;
      return isEdited && read(object) === desired;
    },
    deadlineMs,
  );
  await client.send({
    method: "PATCH",
    path: `${configMapPath(place.namespace, place.name)}?fieldManager=kubectl-edit`,
    contentType: contentTypes.mergePatch,
    body: { data: { [key]: edited } },
  });
  const answered = performance.now();
  return { answered, healed: (await seen).at };
}

/** Evenly over all of them, so that neighbours are rarely of one application. */
function spread<T>(items: readonly T[], count: number): T[] {
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index * items.length) / count)] as T,
  );
}
