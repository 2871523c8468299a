/** When a failed run is tried again. */

import { milliseconds } from "../model/duration.ts";
import type { Problem } from "../model/problem.ts";
import type { ApplicationState } from "./state.ts";

/**
 * What waits for somebody is looked at this often in the end, however long the application's pauses
 * become: a granted permission or a replaced credential is noticed within a minute. Sooner at first:
 * what was applied together with the permission that it needs was only a moment too early.
 */
const longestBlockedMs = 30_000;

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
  const most = problem.retry === "blocked" ? Math.min(longest, longestBlockedMs) : longest;
  const asked = (problem.retryAfter ?? 0) * 1000;
  return Math.max(asked, Math.min(pause, most) * (1 + 0.2 * random()));
}
