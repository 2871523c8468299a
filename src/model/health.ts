/** Health of one object, in kstatus' and Argo CD's words; ordered from best to worst by {@link worst}. */
export const healthStates = [
  "Healthy",
  "Suspended",
  "Progressing",
  "Missing",
  "Degraded",
  "Unknown",
] as const;
export type HealthState = (typeof healthStates)[number];

export interface Health {
  state: HealthState;
  /** One sentence for the person on call; absent when healthy. */
  message?: string;
}

/** The state of a whole: one Degraded object degrades it. */
export function worst(states: Iterable<HealthState>): HealthState {
  let index = 0;
  for (const state of states) index = Math.max(index, healthStates.indexOf(state));
  return healthStates[index] ?? "Unknown";
}
