/** The first deployment: an Application is made, and all of it is there and healthy. */
import { readyAt, stalledWhy, statusOf } from "../application.ts";
import { workloadsOf } from "../manifests.ts";
import { milliseconds } from "../narrator.ts";
import type { Playground } from "../playground.ts";
import { countStages } from "../stage-times.ts";
import type { StepResult } from "../steps.ts";
import { assertAsInGit, assertRolledOut, present, refIn, watchKindsOf } from "../targets.ts";

export const deadlineMs = 60_000;

export async function install(playground: Playground): Promise<StepResult> {
  const { application, clone, manifests, narrator, observation, plane, controller } = playground;
  await watchKindsOf(observation, manifests);
  const { id } = await clone.head();
  const spent = await countStages(controller.url);
  const [begun, ready, objects] = await Promise.all([
    observation.follow(application.ref, [present], { deadlineMs }).then(([begun]) => {
      if (begun !== undefined) narrator.countFrom(begun.at);
      return begun;
    }),
    observation.follow(application.ref, [readyAt(id)], { deadlineMs, hopeless: stalledWhy }),
    Promise.all(
      manifests.map((manifest) =>
        observation.follow(refIn(playground, manifest), [present], { deadlineMs }),
      ),
    ).catch((error: unknown) => error as Error),
    (async () => {
      narrator.say("you", "kubectl apply -f examples/application.yaml");
      await plane.kubectl(["apply", "--filename=-"], application.text);
    })(),
  ]);
  // Why the Application is not ready says more than that an object is missing.
  if (objects instanceof Error) throw objects;
  const [start, end] = [begun?.at ?? 0, ready[0]?.at ?? 0];
  const applied = Math.max(...objects.map(([sighting]) => sighting?.at ?? 0));
  const { objects: counts } = statusOf(ready[0]?.object);
  narrator.say(
    "cluster",
    `the last object was applied after ${milliseconds(applied - start)}`,
    end,
  );
  narrator.say("mooring", `its own times: ${await spent()}`, end);
  assertAsInGit(playground, manifests);
  for (const workload of workloadsOf(manifests)) await assertRolledOut(playground, workload);
  return { text: `${counts?.total} objects applied and healthy`, ms: end - start };
}
