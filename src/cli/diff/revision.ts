/** Which revision of an Application's source is compared. */
import type { Application, GitRef } from "../../model/application.ts";
import { commitOf } from "../access/application.ts";

const commitId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const shortId = /^[0-9a-f]{7,63}$/;

/**
 * What `--revision` may mean, the likeliest first: a full commit id, a full ref name, a branch, a
 * tag, the beginning of a commit id that the Application's status knows.
 */
export function refsNamed(
  revision: string,
  { status }: Pick<Application, "status">,
): readonly GitRef[] {
  if (commitId.test(revision)) return [{ commit: revision }];
  if (revision.startsWith("refs/")) return [{ name: revision }];
  const known = shortId.test(revision) ? commitNamed(revision, status) : undefined;
  return [
    { branch: revision },
    { tag: revision },
    ...(known === undefined ? [] : [{ commit: known }]),
  ];
}

/** The commit of the status that begins so; undefined when there is none, or more than one. */
export function commitNamed(
  beginning: string,
  { commit, history }: Application["status"],
): string | undefined {
  const known = [commit?.id ?? "", ...(history ?? []).map(({ revision }) => commitOf(revision))];
  const [only, ...more] = new Set(known.filter((id) => id.startsWith(beginning)));
  return more.length === 0 ? only : undefined;
}
