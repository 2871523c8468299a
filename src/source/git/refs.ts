/** From what a remote says of its refs to the commit that a ref of ours means. Pure. */
import type { GitRef } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";
import type { Resolution, Resolved } from "./remote.ts";

/** One line of ls-refs. */
export interface AdvertisedRef {
  /** Full name, or `HEAD`. */
  name: string;
  id: string;
  /** Of an annotated tag: the commit that it stands for. */
  peeled?: string | undefined;
  /** Of a symbolic ref: the full name of the ref it points to. */
  target?: string | undefined;
}

const objectId = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The full name to ask the remote for; undefined for a pinned commit, which needs no question. */
export function fullName(ref: GitRef | undefined): string | undefined {
  if (ref?.commit !== undefined) return undefined;
  if (ref?.branch !== undefined) return `refs/heads/${ref.branch}`;
  if (ref?.tag !== undefined) return `refs/tags/${ref.tag}`;
  return ref?.name ?? "HEAD";
}

/** A map key: refs of one key mean the same. */
export function refKey(ref: GitRef | undefined): string {
  return ref?.commit === undefined ? (fullName(ref) ?? "") : `commit ${ref.commit}`;
}

/** A pinned commit's resolution: it is what it says. */
export function pinned(commit: string): Resolution {
  return objectId.test(commit)
    ? { commit, revision: `sha1:${commit}` }
    : new Problem("RevisionNotFound", `"${commit}" is not the full id of a commit`);
}

/**
 * Answers each ref out of one advertisement, in order.
 * @param where how messages name the repository
 */
export function resolveAll(
  refs: readonly (GitRef | undefined)[],
  advertised: readonly AdvertisedRef[],
  where: string,
): Resolution[] {
  const byName = new Map(advertised.map((line) => [line.name, line]));
  return refs.map((ref) => {
    if (ref?.commit !== undefined) return pinned(ref.commit);
    const name = fullName(ref) ?? "HEAD";
    const line = byName.get(name);
    const commit = line?.peeled ?? line?.id;
    if (commit === undefined || !objectId.test(commit)) {
      return new Problem("RevisionNotFound", `${where} has no ${describe(ref)}`);
    }
    return { commit, revision: `${label(ref, line?.target)}@sha1:${commit}` } satisfies Resolved;
  });
}

/** The names to ask for: what ls-refs' prefixes are made of. Names that no ref can have are left out. */
export function askedNames(refs: readonly (GitRef | undefined)[]): string[] {
  const names = new Set<string>();
  for (const ref of refs) {
    const name = fullName(ref);
    // One ref-prefix is one line of the protocol: a name with a line break would be two.
    if (name !== undefined && !/[\s\p{Cc}]/u.test(name)) names.add(name);
  }
  return [...names].sort();
}

export function commonPrefix(names: readonly string[]): string {
  const [first = ""] = names;
  let length = first.length;
  for (const name of names) {
    while (!name.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

function label(ref: GitRef | undefined, target: string | undefined): string {
  if (ref?.branch !== undefined) return ref.branch;
  if (ref?.tag !== undefined) return ref.tag;
  if (ref?.name !== undefined) return ref.name;
  return target?.startsWith("refs/heads/") ? target.slice("refs/heads/".length) : "HEAD";
}

function describe(ref: GitRef | undefined): string {
  if (ref?.branch !== undefined) return `branch "${ref.branch}"`;
  if (ref?.tag !== undefined) return `tag "${ref.tag}"`;
  if (ref?.name !== undefined) return `ref "${ref.name}"`;
  return "HEAD: its default branch has no commit";
}
