/** What a render in the sandbox came to, kept with all that it depended on. */
import type { RenderedObject } from "../model/desired.ts";
import { parseExact } from "../model/exact-json.ts";
import type { KubeObject } from "../model/object.ts";
import type { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Ask } from "./files.ts";
import { isSame, type Read } from "./reads.ts";
import { digestOf } from "./request.ts";
import { Turns } from "./turns.ts";

/** An object as the sandbox gives it: normalised, as JSON. */
export interface ObjectText {
  json: string;
  origin: string;
}

export interface KeptRender {
  /** What it saw of the snapshot. */
  reads: readonly Read[];
  /** Digest of the seed, when the outcome depends on random numbers. */
  seed?: string;
  /** Time of the commit, when the outcome depends on the clock. */
  time?: string;
  /** What it asked for, to be sent along the next time. */
  asks: readonly Ask[];
  outcome: { objects: readonly ObjectText[] } | { problem: Problem };
  /** The objects as somebody still holds them. */
  held?: WeakRef<readonly RenderedObject[]>;
}

/** Where and when a render would happen. */
export interface Circumstances {
  snapshot: Snapshot;
  /** Digest of the seed. */
  seed: string;
  /** Time of the commit. */
  time: string;
}

/** A render now would come to the same. */
export async function applies(
  kept: Pick<KeptRender, "reads" | "seed" | "time">,
  now: Circumstances,
): Promise<boolean> {
  if (kept.seed !== undefined && kept.seed !== now.seed) return false;
  if (kept.time !== undefined && kept.time !== now.time) return false;
  return isSame(kept.reads, now.snapshot);
}

/** Of the key and of all that was read: equal digests, equal objects. */
export function inputsOf(key: string, { reads, seed, time }: KeptRender): string {
  return digestOf(JSON.stringify([key, seed ?? null, time ?? null, reads]));
}

const hookAnnotation = "helm.sh/hook";

/** The objects, parsed with others' turns in between. Of a chart, hooks are marked. */
export async function objectsOf(
  texts: readonly ObjectText[],
  tool: "kustomize" | "helm",
): Promise<readonly RenderedObject[]> {
  const turns = new Turns();
  const objects: RenderedObject[] = [];
  for (const { json, origin } of texts) {
    const object = parseExact(json) as KubeObject;
    const hook = tool === "helm" ? object.metadata.annotations?.[hookAnnotation] : undefined;
    objects.push(hook === undefined ? { object, origin } : { object, origin, hook });
    if (turns.over) await turns.next();
  }
  return objects;
}

/** About what it takes in memory. */
export function bytesOf({ reads, asks, outcome }: KeptRender): number {
  let bytes = 500;
  for (const [path, seen] of reads) bytes += path.length + seen.length + 100;
  for (const ask of asks) bytes += ask.length + 24;
  if ("problem" in outcome) return bytes + outcome.problem.message.length;
  for (const { json, origin } of outcome.objects) bytes += json.length + origin.length + 100;
  return bytes;
}
