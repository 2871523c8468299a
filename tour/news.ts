/** What the Application's status newly says, told as it comes. */
import { refKey } from "../src/model/object.ts";
import { conditionOf, statusOf } from "./application.ts";
import type { Narrator } from "./narrator.ts";
import type { Observation } from "./observation.ts";

/** Characters of a line; `kubectl describe` has all of it. */
const longest = 160;
const told = ["Synced", "Healthy"] as const;

/** @returns stops it */
export function tellNews(
  observation: Observation,
  application: Parameters<typeof refKey>[0],
  narrator: Narrator,
): () => void {
  const key = refKey(application);
  let before = observation.get(application);
  return observation.listen((changed, object, at) => {
    if (changed !== key) return;
    const now = statusOf(object);
    const was = statusOf(before);
    if (now.revision !== was.revision && now.commit !== undefined) {
      const { id, message, author } = now.commit;
      narrator.say("mooring", `has applied ${id.slice(0, 7)} "${message}" by ${author}`, at);
    }
    for (const type of told) {
      const condition = conditionOf(object, type);
      const former = conditionOf(before, type);
      const same = condition?.status === former?.status && condition?.message === former?.message;
      const known = type === "Synced" && condition?.status === "True";
      if (condition === undefined || same || known) continue;
      const { status, reason, message } = condition;
      const text = status === "True" ? message : `${type} ${status}, ${reason}: ${message}`;
      narrator.say("mooring", bounded(withShortIds(text)), at);
    }
    before = object;
  });
}

/** Commit ids as people write them. */
function withShortIds(text: string): string {
  return text.replaceAll(/\b(?:\w+:)?([0-9a-f]{7})[0-9a-f]{33}\b/g, "$1");
}

function bounded(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}...`;
}
