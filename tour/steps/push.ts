/** Developers change Git, and the cluster follows. */
import { readyAt } from "../application.ts";
import { removable, withImage, withTag, workloadsOf } from "../manifests.ts";
import { milliseconds } from "../narrator.ts";
import type { Playground } from "../playground.ts";
import type { StepResult } from "../steps.ts";
import { absent, assertRolledOut, refIn, runningImage } from "../targets.ts";
import { deliver } from "./delivery.ts";

export async function pushed(playground: Playground): Promise<StepResult> {
  const workload = workloadsOf(playground.manifests).at(-1);
  if (workload === undefined) return { skipped: "the repository has no Deployment with replicas" };
  const { clone } = playground;
  const image = withTag(workload.container.image, "1.1.0");
  const ref = refIn(playground, workload);
  const { path } = workload;
  await clone.write(path, withImage(await clone.read(path), ref.name, image));
  const commit = await clone.commit(`Release ${image}`);
  const { applied, settled } = await deliver(playground, {
    commit,
    ref,
    becomes: runningImage(image),
    settles: readyAt(commit.id),
  });
  await assertRolledOut(playground, workload);
  return { text: `applied after ${milliseconds(applied)}, rolled out and healthy`, ms: settled };
}

export async function removed(playground: Playground): Promise<StepResult> {
  const manifest = removable(playground.manifests);
  if (manifest === undefined) return { skipped: "no file of the repository is a lone ConfigMap" };
  const { clone, narrator } = playground;
  narrator.say("you", `git rm ${manifest.path}`);
  await clone.remove(manifest.path);
  const commit = await clone.commit(`Remove ${manifest.object.metadata.name}`);
  const ref = refIn(playground, manifest);
  const { applied } = await deliver(playground, {
    commit,
    ref,
    becomes: absent,
    settles: readyAt(commit.id),
  });
  return { text: `${ref.kind} ${ref.name} pruned`, ms: applied };
}
