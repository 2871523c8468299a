/** From a commit of a developer's to the cluster. */
import { annotations, applicationResource } from "../../src/model/application.ts";
import type { ObjectRef } from "../../src/model/object.ts";
import { stalledWhy } from "../application.ts";
import { type Commit, describe } from "../clone.ts";
import type { Expectation } from "../observation.ts";
import type { Playground } from "../playground.ts";

export interface Delivery {
  /** Committed in the clone, and not pushed yet. */
  readonly commit: Commit;
  /** The object that it changes, and what becomes of it. */
  readonly ref: ObjectRef;
  readonly becomes: Expectation;
  /** What becomes of the Application. */
  readonly settles: Expectation;
}

/** Milliseconds since the Git server had taken the push. */
export interface DeliveryTimes {
  readonly applied: number;
  readonly settled: number;
}

const deadlineMs = 60_000;

/**
 * Pushes a commit, tells the controller that it is there, as a webhook would (without that it
 * looks once in the Application's interval), and waits for what comes of it.
 *
 * @throws Unexpected
 */
export async function deliver(playground: Playground, delivery: Delivery): Promise<DeliveryTimes> {
  const { application, clone, monotonic, narrator, observation } = playground;
  const { commit, ref, becomes, settles } = delivery;
  const push = async () => {
    await clone.push();
    const at = monotonic();
    narrator.countFrom(at);
    narrator.say("git", `pushed ${describe(commit)} to main`, at);
    const { namespace, name } = application.ref;
    const value = commit.id.slice(0, 7);
    narrator.say(
      "you",
      `kubectl annotate application/${name} --namespace=${namespace} ${annotations.refresh}=${value}`,
    );
    await observation.objects.mergePatch(applicationResource, namespace, name, {
      metadata: { annotations: { [annotations.refresh]: value } },
    });
    return at;
  };
  const [pushed, [settled], changed] = await Promise.all([
    push(),
    observation.follow(application.ref, [settles], { deadlineMs, hopeless: stalledWhy }),
    // Why the Application does not get there says more than that the object does not.
    observation.follow(ref, [becomes], { deadlineMs: deadlineMs + 1000 }).then(([change]) => {
      narrator.say("cluster", `${ref.kind} ${ref.name}: ${becomes.what}`, change?.at);
      return change;
    }),
  ]);
  return { applied: (changed?.at ?? 0) - pushed, settled: (settled?.at ?? 0) - pushed };
}
