/** A release that does not start: seen as such, then taken back with `git revert`. */
import { readyAt, unhealthyAt } from "../application.ts";
import { describe } from "../clone.ts";
import { imageOf, withImage, withTag, workloadsOf } from "../manifests.ts";
import { milliseconds } from "../narrator.ts";
import type { Playground } from "../playground.ts";
import type { StepResult } from "../steps.ts";
import { assertRolledOut, refIn, runningImage } from "../targets.ts";
import { deliver } from "./delivery.ts";

/** Simulated nodes let pods of this tag crash-loop. */
const brokenTag = "broken";

export async function brokenRelease(playground: Playground): Promise<StepResult> {
  const workload = workloadsOf(playground.manifests).at(-1);
  if (workload === undefined) return { skipped: "the repository has no Deployment with replicas" };
  const { clone } = playground;
  const ref = refIn(playground, workload);
  const image = withTag(workload.container.image, brokenTag);
  const { path } = workload;
  await clone.write(path, withImage(await clone.read(path), ref.name, image));
  const commit = await clone.commit(`Release ${image}`);
  const { settled } = await deliver(playground, {
    commit,
    ref,
    becomes: runningImage(image),
    settles: unhealthyAt(commit.id, ref.name),
  });
  return { text: `Synced, not Healthy, ${ref.kind} ${ref.name} named`, ms: settled };
}

export async function reverted(playground: Playground): Promise<StepResult> {
  const { clone, narrator, observation, manifests } = playground;
  const workload = workloadsOf(manifests).at(-1);
  const broken = await clone.head();
  if (workload === undefined || !broken.subject.endsWith(`:${brokenTag}`)) {
    return { skipped: "nothing was released that could be reverted" };
  }
  const ref = refIn(playground, workload);
  narrator.say("you", `git revert ${describe(broken)}`);
  const commit = await clone.revert();
  const { applied, settled } = await deliver(playground, {
    commit,
    ref,
    becomes: runningImage(withTag(workload.container.image, "1.1.0")),
    settles: readyAt(commit.id),
  });
  await assertRolledOut(playground, workload);
  const image = imageOf(observation.get(ref));
  return {
    text: `${image} back after ${milliseconds(applied)}, healthy`,
    ms: settled,
  };
}
