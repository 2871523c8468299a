/**
 * Objects that move from one application to another: a file moved in a monorepo, an Application
 * renamed. What somebody else wants is handed over before anything is pruned.
 */
import type { ApplyContext } from "../apply/context.ts";
import { transfer } from "../apply/transfer.ts";
import type { LiveObject } from "../model/live.ts";
import { groupKindKey, refKey } from "../model/object.ts";
import { recordedGroupKinds } from "../plan/ownership.ts";
import type { Environment } from "./environment.ts";
import type { ApplicationState } from "./state.ts";

/** Until the applications of the same repository have read the revision. */
export const movePauseMs = 300;

/**
 * Hands over the candidates that other applications want.
 * @returns the candidates that nobody wants; undefined when that cannot be told yet: another
 *   application of the same repository has not rendered its present revision, or not yet recorded
 *   that it may own such a kind.
 */
export async function handOverMoved(
  candidates: readonly LiveObject[],
  state: ApplicationState,
  context: ApplyContext,
  env: Environment,
): Promise<LiveObject[] | undefined> {
  const peers = [...env.peers(state)];
  if (peers.some((peer) => isBehind(peer, state))) return undefined;
  const rest: LiveObject[] = [];
  const moved: { live: LiveObject; peer: ApplicationState }[] = [];
  for (const live of candidates) {
    const peer = peers.find(({ desired }) => desired?.targets.has(refKey(live.ref)));
    if (peer === undefined) rest.push(live);
    else if (!hasRecorded(peer, live)) return undefined;
    else moved.push({ live, peer });
  }
  for (const { live, peer } of moved) {
    await transfer(live, peer.ownership, context);
    env.log.info({ app: state.key, object: refKey(live.ref), to: peer.key }, "object handed over");
    env.objectChanged(peer, refKey(live.ref));
  }
  return rest;
}

function isBehind(peer: ApplicationState, state: ApplicationState): boolean {
  if (peer.application.spec.source.git.url !== state.application.spec.source.git.url) return false;
  // What cannot be read now wants nothing that could be waited for.
  if (peer.problem !== undefined) return false;
  const look = peer.source?.tracking.current();
  if (look === undefined || look.state === "pending") return true;
  return look.state === "known" && look.revision !== peer.desired?.revision;
}

function hasRecorded(peer: ApplicationState, { ref }: LiveObject): boolean {
  return recordedGroupKinds(peer.application.annotations).some(
    (gk) => groupKindKey(gk) === groupKindKey(ref),
  );
}
