/** The manifests as objects of the cluster: where each one is, and what it should look like there. */
import { isDeepStrictEqual } from "node:util";
import type { ObjectRef } from "../src/model/object.ts";
import { refOf } from "../src/model/object.ts";
import { imageOf, type Manifest, replicasOf, type Workload } from "./manifests.ts";
import type { Expectation, Observation } from "./observation.ts";
import type { Playground } from "./playground.ts";
import { Unexpected } from "./steps.ts";

type Place = Pick<Playground, "observation" | "application">;

/** The object of a manifest, in the namespace that it gets. */
export function refIn({ observation, application }: Place, { object }: Manifest): ObjectRef {
  const resource = observation.discovery.find(object.apiVersion, object.kind);
  const { namespace: _own, ...ref } = refOf(object);
  const { namespace = application.destination } = object.metadata;
  return resource?.namespaced === false ? ref : { ...ref, namespace };
}

/** Begins to watch every kind of the manifests that the cluster has. */
export async function watchKindsOf(
  observation: Observation,
  manifests: readonly Manifest[],
): Promise<void> {
  const kinds = manifests.map(({ object }) =>
    observation.discovery.find(object.apiVersion, object.kind),
  );
  await Promise.all(
    kinds.map((kind) => (kind === undefined ? undefined : observation.watch(kind))),
  );
}

export const present: Expectation = {
  what: "in the cluster",
  holds: (object) => object !== undefined,
  seen: (object) => (object === undefined ? "nothing" : "the object"),
};

export const absent: Expectation = {
  what: "deleted",
  holds: (object) => object === undefined,
  seen: (object) => (object === undefined ? "nothing" : "the object, still there"),
};

export function withReplicas(count: number): Expectation {
  return {
    what: `spec.replicas ${count}`,
    holds: (object) => replicasOf(object) === count,
    seen: (object) => `spec.replicas ${replicasOf(object) ?? "of no object"}`,
  };
}

export function runningImage(image: string): Expectation {
  return {
    what: `image ${image}`,
    holds: (object) => imageOf(object) === image,
    seen: (object) => `image ${imageOf(object) ?? "of no object"}`,
  };
}

/**
 * Asks the cluster itself, at a moment when the Application says Ready.
 * @throws Unexpected unless all replicas run the Deployment as it is now
 */
export async function assertRolledOut(place: Place, workload: Workload): Promise<void> {
  const { observation } = place;
  const { apiVersion, kind } = workload.object;
  const { namespace, name } = refIn(place, workload);
  const resource = observation.discovery.find(apiVersion, kind);
  const live = resource && (await observation.objects.get(resource, namespace, name));
  const status = (live?.status ?? {}) as Record<string, number | undefined>;
  const wanted = {
    observedGeneration: live?.metadata.generation,
    replicas: workload.replicas,
    updatedReplicas: workload.replicas,
    availableReplicas: workload.replicas,
  };
  const seen = Object.fromEntries(Object.keys(wanted).map((field) => [field, status[field]]));
  if (!isDeepStrictEqual(seen, wanted)) {
    throw new Unexpected(
      `Deployment ${namespace}/${name}, of a Ready Application, with ${JSON.stringify(wanted)}`,
      JSON.stringify(seen),
    );
  }
}

/** @throws Unexpected unless every object is in the cluster, with the replicas and image of Git */
export function assertAsInGit(place: Place, manifests: readonly Manifest[]): void {
  for (const manifest of manifests) {
    const ref = refIn(place, manifest);
    const live = place.observation.get(ref);
    const name = `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`;
    if (live === undefined) throw new Unexpected(`${name} as in ${manifest.path}`, "nothing");
    for (const [what, read] of [
      ["spec.replicas", replicasOf],
      ["image", imageOf],
    ] as const) {
      const wanted = read(manifest.object);
      if (wanted !== undefined && read(live) !== wanted) {
        throw new Unexpected(`${name} with ${what} ${wanted}`, `${what} ${read(live)}`);
      }
    }
  }
}
