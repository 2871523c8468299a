/** When a failed run is tried again. */

import { milliseconds } from "../model/duration.ts";
import type { Problem } from "../model/problem.ts";
import type { ApplicationState } from "./state.ts";

/** What waits for somebody is looked at this often: a granted permission is noticed within a minute. */
const blockedMs = 30_000;

/**
 * Milliseconds until the next try; Infinity when only a change brings one. Exponential with up
 * to 20 % jitter, by the application's own `retry`.
 */
export function nextRetry(
  state: ApplicationState,
  problem: Problem,
  random: () => number = Math.random,
): number {
  if (problem.retry === "terminal") return Number.POSITIVE_INFINITY;
  const { limit, backoff } = state.application.spec.retry;
  if (limit >= 0 && state.failures > limit) return Number.POSITIVE_INFINITY;
  const longest = milliseconds(backoff.maxDuration);
  const pause = milliseconds(backoff.duration) * backoff.factor ** Math.min(state.failures, 20);
  const wait = Math.min(pause, longest) * (1 + 0.2 * random());
  const asked = (problem.retryAfter ?? 0) * 1000;
  return Math.max(asked, problem.retry === "blocked" ? Math.max(wait, blockedMs) : wait);
}
