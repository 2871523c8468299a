/**
 * Objects that move from one application to another: a file moved in a monorepo, an Application
 * renamed. What somebody else wants is handed over before anything is pruned.
 */
import type { ApplyContext } from "../apply/context.ts";
import { mayTake, transfer } from "../apply/transfer.ts";
import type { LiveObject } from "../model/live.ts";
import { groupKindKey, refKey } from "../model/object.ts";
import { recordedGroupKinds } from "../plan/ownership.ts";
import type { Environment } from "./environment.ts";
import { applyContext, identityOf } from "./identity.ts";
import { isCurrent } from "./rollback.ts";
import type { ApplicationState } from "./state.ts";

/** Until the applications of the same repository have read the revision. */
export const movePauseMs = 300;

/** Another application, and how it writes. */
interface Peer {
  state: ApplicationState;
  context: ApplyContext;
}

/**
 * Hands over the candidates that other applications want and may write.
 * @returns the candidates that none of them gets; undefined when that cannot be told yet: another
 *   application of the same repository has not rendered its present revision, or not yet recorded
 *   that it may own such a kind. Nobody is waited for who may not write a candidate.
 */
export async function handOverMoved(
  candidates: readonly LiveObject[],
  state: ApplicationState,
  context: ApplyContext,
  env: Environment,
): Promise<LiveObject[] | undefined> {
  const peers = [...env.peers(state)].flatMap((peer) => asPeer(peer, env, context.signal));
  for (const peer of peers)
    if (isBehind(peer.state, state, env.now()))
      for (const live of candidates) if (await mayTake(live, peer.context)) return undefined;
  const rest: LiveObject[] = [];
  const moved: { live: LiveObject; peer: Peer }[] = [];
  for (const live of candidates) {
    const peer = await successor(live, peers);
    if (peer === undefined) rest.push(live);
    else if (!hasRecorded(peer.state, live)) return undefined;
    else moved.push({ live, peer });
  }
  for (const { live, peer } of moved) {
    await transfer(live, peer.context, context);
    const key = refKey(live.ref);
    env.log.info({ app: state.key, object: key, to: peer.state.key }, "object handed over");
    env.objectChanged(peer.state, key);
  }
  return rest;
}

/** None, when it has nobody to write as. */
function asPeer(state: ApplicationState, env: Environment, signal: AbortSignal): Peer[] {
  try {
    const identity = identityOf(state.application, env);
    return [{ state, context: applyContext(state, identity, env, signal) }];
  } catch {
    return [];
  }
}

/** The first that wants the object and may write it. */
async function successor(live: LiveObject, peers: readonly Peer[]): Promise<Peer | undefined> {
  for (const peer of peers)
    if (
      peer.state.desired?.targets.has(refKey(live.ref)) === true &&
      (await mayTake(live, peer.context))
    )
      return peer;
  return undefined;
}

function isBehind(peer: ApplicationState, state: ApplicationState, now: Date): boolean {
  if (peer.application.spec.source.git.url !== state.application.spec.source.git.url) return false;
  // What cannot be read now wants nothing that could be waited for.
  if (peer.problem !== undefined) return false;
  const look = peer.source?.tracking.current();
  if (look === undefined || look.state === "pending") return true;
  return look.state === "known" && !isCurrent(peer, now);
}

function hasRecorded(peer: ApplicationState, { ref }: LiveObject): boolean {
  return recordedGroupKinds(peer.application.annotations).some(
    (gk) => groupKindKey(gk) === groupKindKey(ref),
  );
}
