/** A condition of metav1.Condition. */
export interface Condition {
  type: ConditionType;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  observedGeneration: number;
  /** RFC 3339; moves only when `status` does. */
  lastTransitionTime: string;
}

export const conditionTypes = [
  "Ready",
  "Reconciling",
  "Stalled",
  "Synced",
  "Healthy",
  "Drifted",
] as const;
export type ConditionType = (typeof conditionTypes)[number];
