/** Snapshot -> what the Application wants, rendered for this cluster as the controller renders it. */
import type { Discovery } from "../../cluster/discovery.ts";
import { installationSecretName } from "../../cluster/installation.ts";
import type { Application } from "../../model/application.ts";
import type { RenderedObject } from "../../model/desired.ts";
import { type KubeObject, refKey, refOf } from "../../model/object.ts";
import { differingPaths } from "../../plan/difference.ts";
import type { FieldPath } from "../../plan/fields.ts";
import { type JqPaths, rulesFor } from "../../plan/ignore.ts";
import { inNamespace } from "../../plan/targets.ts";
import { renderSourceOf } from "../../reconcile/render-source.ts";
import { Jq } from "../../render/jq.ts";
import type { LocalRenderer } from "../render/renderer.ts";
import { type Seed, standInSeed } from "./seed.ts";
import type { OpenedSource } from "./source.ts";

const jqDeadlineMs = 2_000;

export interface Wanted {
  /** In the namespaces that their kinds say. */
  objects: readonly RenderedObject[];
  /** By an object's key: fields that are random, and not known as the controller would draw them. */
  random: ReadonlyMap<string, readonly FieldPath[]>;
  notes: readonly string[];
}

export interface WantedContext {
  discovery: Discovery;
  renderer: LocalRenderer;
  seed(): Promise<Seed>;
}

/** @throws Problem as Renderer.render */
export async function renderWanted(
  application: Application,
  { snapshot, path }: Pick<OpenedSource, "snapshot" | "path">,
  { discovery, renderer, seed }: WantedContext,
): Promise<Wanted> {
  const namespace = application.spec.destination.namespace ?? application.namespace;
  const render = async (bytes: Uint8Array) => {
    const source = renderSourceOf(application, { discovery, renderSeed: () => bytes });
    const { objects, dependsOn } = await renderer.render(snapshot, { ...source, path });
    return { objects: objects.map((one) => placed(one, discovery, namespace)), dependsOn };
  };
  const first = await render(standInSeed(application, "first"));
  const clock = first.dependsOn.clock
    ? [`the chart looks at the clock, which stands at ${snapshot.commit.time}, the commit's time`]
    : [];
  if (!first.dependsOn.random) return { objects: first.objects, random: new Map(), notes: clock };
  const known = await seed();
  if (known.state === "known") {
    const { objects } = await render(known.seed);
    return { objects, random: new Map(), notes: clock };
  }
  const second = await render(standInSeed(application, "second"));
  const random = randomFields(first.objects, second.objects);
  const where = [...random.keys()].map((key) => `\n  ${key}`).join("");
  return {
    objects: first.objects,
    random,
    notes: [
      ...clock,
      random.size === 0
        ? "the chart draws random values, and none of them is in an object"
        : `the chart draws random values, which only the controller's Secret ${installationSecretName} tells (${known.why}); such fields are taken to be as they are in the cluster, in:${where}`,
    ],
  };
}

function placed(one: RenderedObject, discovery: Discovery, namespace: string): RenderedObject {
  const resource = discovery.find(one.object.apiVersion, one.object.kind);
  if (resource === undefined) return one;
  return { ...one, object: inNamespace(one.object, resource, namespace) };
}

function randomFields(
  first: readonly RenderedObject[],
  second: readonly RenderedObject[],
): Map<string, readonly FieldPath[]> {
  const others = new Map(second.map(({ object }) => [refKey(refOf(object)), object]));
  const found = new Map<string, readonly FieldPath[]>();
  for (const { object } of first) {
    const key = refKey(refOf(object));
    const other = others.get(key);
    // Even its name is random: nothing in the cluster can be this object.
    const paths = other === undefined ? [[]] : differingPaths(object, other);
    if (paths.length > 0) found.set(key, paths);
  }
  return found;
}

/**
 * jq path expressions of ignoreDifferences, evaluated beforehand: planning is pure, jq is not.
 * @throws Problem InvalidSpec
 */
export async function jqPathsFor(
  objects: readonly RenderedObject[],
  { spec }: Pick<Application, "spec">,
): Promise<(object: KubeObject) => JqPaths> {
  const found = new Map<string, readonly FieldPath[]>();
  const rules = spec.ignoreDifferences.filter((rule) => rule.jqPathExpressions !== undefined);
  if (rules.length > 0) {
    const jq = new Jq({ deadlineMs: jqDeadlineMs });
    try {
      for (const { object } of objects)
        for (const rule of rulesFor(object, rules))
          for (const expression of rule.jqPathExpressions ?? [])
            found.set(
              `${refKey(refOf(object))}\n${expression}`,
              await jq.paths(expression, object),
            );
    } finally {
      await jq.close();
    }
  }
  return (object) => (expression) => found.get(`${refKey(refOf(object))}\n${expression}`) ?? [];
}
