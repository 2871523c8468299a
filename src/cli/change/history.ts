/** Which revision of its history an Application is to go back to. */
import type { ApplicationStatus } from "../../model/application.ts";
import { commitOf, shortRevision } from "../access/application.ts";

export type Entry = NonNullable<ApplicationStatus["history"]>[number];

const shortest = 4;

/**
 * @param wanted a commit's id, its beginning, or a whole revision of the history; without it the
 *   last one that was healthy before these
 * @param left full ids of the commits that are not wanted any more: the skipped, the deployed
 * @returns the full id of a commit
 * @throws Error that tells what there is
 */
export function commitToRollBackTo(
  history: readonly Entry[],
  wanted: string | undefined,
  left: readonly string[],
): string {
  if (wanted === undefined) {
    const healthy = history.find(
      (entry) => entry.healthyAt !== undefined && !left.includes(commitOf(entry.revision)),
    );
    if (healthy !== undefined) return commitOf(healthy.revision);
    throw new Error(`no other revision of its history was healthy: name one\n${told(history)}`);
  }
  const asked = commitOf(wanted).toLowerCase();
  const isId = new RegExp(`^[0-9a-f]{${shortest},64}$`).test(asked);
  const commits = new Set(history.map(({ revision }) => commitOf(revision)));
  const found = isId ? [...commits].filter((commit) => commit.startsWith(asked)) : [];
  const [only] = found;
  if (found.length > 1) {
    throw new Error(
      `${wanted} is the beginning of ${found.length} commits of its history: say more of it`,
    );
  }
  if (only !== undefined) return only;
  // The repository may have what the history has forgotten; only in full can it be asked for.
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(asked)) return asked;
  throw new Error(`${wanted} is no revision of its history\n${told(history)}`);
}

function told(history: readonly Entry[]): string {
  if (history.length === 0) return "its history is empty";
  return history
    .map(
      ({ revision, deployedAt, result }) =>
        `  ${shortRevision(revision)}  ${deployedAt}  ${result}`,
    )
    .join("\n");
}
