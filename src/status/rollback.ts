/** A rollback in words, and in a status. */
import { type ApplicationStatus, annotations, type Rollback } from "../model/application.ts";
import type { Case } from "./situation.ts";

/** The end of a rollback, to be told. */
export interface RollbackEnd {
  /** Full id of its commit. */
  to: string;
  /** It ended before it began. */
  unmade: boolean;
  /** Why, as a clause. */
  why: string;
}

/** Who does not look at the annotations leaves the rollback as it was. */
export function rollbackIn({ input, situation, previous }: Case): Rollback | undefined {
  const isLooking = situation.kind !== "deleting" && situation.kind !== "suspended";
  return isLooking ? input.rollback : previous.rollback;
}

/**
 * Both commits, and when it ends: one sentence.
 * @param revision the last one that was applied in full
 */
export function rollbackText(rollback: Rollback, revision: string | undefined): string {
  const { to, skipped, until } = rollback;
  const what = isInForce({ rollback, revision }) ? "Rolled back" : "To be rolled back";
  const end = until === undefined ? "" : `${until}, or `;
  return `${what} to ${to} from ${skipped} by ${annotations.rollbackTo}, until ${end}the source has another commit.`;
}

/** Was the commit of the rollback the last one that was applied (observe, warn: compared) in full? */
export function isInForce({
  rollback,
  revision,
}: Pick<ApplicationStatus, "rollback" | "revision">): boolean {
  return rollback !== undefined && revision?.endsWith(`sha1:${rollback.to}`) === true;
}
