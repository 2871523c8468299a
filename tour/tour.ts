/** The tour, from the first process to the last step. */
import { tellNews } from "./news.ts";
import { openPlayground, type Playground, type PlaygroundOptions } from "./playground.ts";
import { deleted, imageEdited, scaled } from "./steps/drift.ts";
import { install } from "./steps/install.ts";
import { pushed, removed } from "./steps/push.ts";
import { brokenRelease, reverted } from "./steps/revert.ts";
import type { StepResult } from "./steps.ts";

/** A little more than what the steps' own waits have, which say better what is missing. */
const deadlineMs = 65_000;

const shown: readonly (readonly [string, (playground: Playground) => Promise<StepResult>])[] = [
  ["Application installed", install],
  ["Drift: kubectl scale", scaled],
  ["Drift: image edited", imageEdited],
  ["Drift: object deleted", deleted],
  ["Commit pushed", pushed],
  ["File removed from Git", removed],
  ["Broken release", brokenRelease],
  ["git revert", reverted],
];

/** @throws StepFailed of the first step that did not do what it should */
export async function takeTour(options: PlaygroundOptions): Promise<Playground> {
  const playground = await openPlayground(options);
  const { observation, application, narrator } = playground;
  options.stack.defer(tellNews(observation, application.ref, narrator));
  for (const [name, step] of shown) {
    await options.steps.run(name, deadlineMs, () => step(playground));
  }
  return playground;
}
