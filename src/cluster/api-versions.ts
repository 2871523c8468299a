/** What the cluster serves, as Helm's `.Capabilities.APIVersions` has it. */
import { createHash } from "node:crypto";
import { apiVersionOf } from "../model/object.ts";
import type { GroupVersion } from "./discovery-documents.ts";

/** Known as a whole, or not at all: charts decide by what is absent, too. */
export type ApiVersions = KnownApiVersions | UnknownApiVersions;

interface UnknownApiVersions {
  /** Why. */
  unknown: string;
  /** As `list`, without the kinds of groups that do not answer; absent where nothing is known. */
  answered?: readonly string[];
}

interface KnownApiVersions {
  /** `apps/v1` and `apps/v1/Deployment`, sorted, each once. */
  list: readonly string[];
  /** Of `list`: equal digests, equal lists. */
  digest: string;
}

export function isKnown(apiVersions: ApiVersions): apiVersions is KnownApiVersions {
  return "digest" in apiVersions;
}

/**
 * The versions of all groups, and their kinds; kinds of subresources alone (Scale, Eviction) are
 * left out, as Argo CD leaves them out.
 * @param before the list of the last time: given back where nothing changed
 */
export function apiVersionsOf(
  groupVersions: readonly GroupVersion[],
  before: ApiVersions | undefined,
): ApiVersions {
  const names = new Set<string>();
  let unanswered: string | undefined;
  for (const { group, version, unknown, resources } of groupVersions) {
    const served = apiVersionOf({ group, version });
    // Of a group that does not answer, what it had is as good as its answer; nothing is not.
    if (unknown && resources.length === 0)
      unanswered ??= `the API group ${group} (${served}) does not answer, so nobody knows which kinds it has: mend or delete the APIService ${version}.${group}`;
    names.add(served);
    for (const { kind } of resources) names.add(`${served}/${kind}`);
  }
  const list = [...names].sort();
  if (unanswered !== undefined) return { unknown: unanswered, answered: list };
  const digest = createHash("sha256").update(list.join("\n")).digest("base64url");
  if (before !== undefined && isKnown(before) && before.digest === digest) return before;
  return { list, digest };
}
