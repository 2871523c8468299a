/** Somebody changes the cluster by hand, and Git wins. */
import type { ObjectRef } from "../../src/model/object.ts";
import { driftTold } from "../application.ts";
import { removable, withTag, workloadsOf } from "../manifests.ts";
import type { Expectation } from "../observation.ts";
import type { Playground } from "../playground.ts";
import type { StepResult } from "../steps.ts";
import { absent, present, refIn, runningImage, withReplicas } from "../targets.ts";

export const deadlineMs = 60_000;

export async function scaled(playground: Playground): Promise<StepResult> {
  const workload = workloadsOf(playground.manifests).at(-1);
  if (workload === undefined) return { skipped: "the repository has no Deployment with replicas" };
  const ref = refIn(playground, workload);
  const count = workload.replicas + 2;
  return await heal(playground, {
    ref,
    command: ["scale", `deployment/${ref.name}`, `--replicas=${count}`],
    drifted: withReplicas(count),
    desired: withReplicas(workload.replicas),
  });
}

export async function imageEdited(playground: Playground): Promise<StepResult> {
  const [workload] = workloadsOf(playground.manifests);
  if (workload === undefined) return { skipped: "the repository has no Deployment with replicas" };
  const ref = refIn(playground, workload);
  const { name, image } = workload.container;
  const edited = withTag(image, "edited-by-hand");
  return await heal(playground, {
    ref,
    command: ["set", "image", `deployment/${ref.name}`, `${name}=${edited}`],
    drifted: runningImage(edited),
    desired: runningImage(image),
  });
}

export async function deleted(playground: Playground): Promise<StepResult> {
  const manifest = removable(playground.manifests);
  if (manifest === undefined) return { skipped: "no file of the repository is a lone ConfigMap" };
  const ref = refIn(playground, manifest);
  return await heal(playground, {
    ref,
    command: ["delete", `configmap/${ref.name}`],
    drifted: absent,
    desired: present,
  });
}

interface Drift {
  readonly ref: ObjectRef;
  /** For kubectl. */
  readonly command: readonly string[];
  readonly drifted: Expectation;
  readonly desired: Expectation;
}

/**
 * Timed by the watch: from the write of kubectl to the object as Git wants it. (kubectl itself
 * often takes longer to end than the healing takes.)
 */
async function heal(playground: Playground, drift: Drift): Promise<StepResult> {
  const { application, narrator, observation, plane } = playground;
  const { ref, command, drifted, desired } = drift;
  const since = `${new Date().toISOString().slice(0, 19)}Z`;
  const name = `${ref.kind} ${ref.name}`;
  const args = ref.namespace === undefined ? command : [...command, `--namespace=${ref.namespace}`];
  narrator.say("you", `kubectl ${args.join(" ")}`);
  const [[change, healing]] = await Promise.all([
    observation.follow(ref, [drifted, desired], { deadlineMs }).then((sightings) => {
      narrator.say("cluster", `${name}: ${drifted.what}`, sightings[0]?.at);
      narrator.say("cluster", `${name}: ${desired.what} again`, sightings[1]?.at);
      return sightings;
    }),
    observation.follow(application.ref, [driftTold(ref, since)], { deadlineMs }),
    plane.kubectl(args),
  ]);
  return { text: `${name} healed`, ms: (healing?.at ?? 0) - (change?.at ?? 0) };
}
