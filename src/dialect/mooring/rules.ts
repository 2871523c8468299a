/**
 * What the types of an Application cannot say, each rule twice: in CEL for the CRD, so that the
 * apiserver refuses a wrong object when it is written, and in TypeScript for objects that were
 * stored before the CRD had the rule. A contract test holds the two to the same answers.
 */
import type {
  ApplicationSpec,
  GitRef,
  GitSource,
  IgnoreDifference,
  Source,
} from "../../model/application.ts";
import { milliseconds } from "../../model/duration.ts";

export interface SpecRule {
  /** Through properties, and `[]` for the items of a list: `spec.ignoreDifferences[]`. */
  path: string;
  /** Of `self`, the value at `path`; not asked where there is none. */
  cel: string;
  /** What is wanted. Never quotes the value: a URL may hold a password. */
  message: string;
  /** The member of `self` that it is about. */
  field?: string;
  /** The same as `cel`, for a value that the model's schema takes. */
  holds(value: unknown): boolean;
}

type Backoff = ApplicationSpec["retry"]["backoff"];

export const specRules: readonly SpecRule[] = [
  rule<GitRef>(
    "spec.source.git.ref",
    "[has(self.branch), has(self.tag), has(self.commit), has(self.name)].filter(given, given).size() == 1",
    "name exactly one of branch, tag, commit, name",
    ({ branch, tag, commit, name }) =>
      [branch, tag, commit, name].filter((given) => given !== undefined).length === 1,
  ),
  // Of the source, not of its url: the apiserver's answer would quote the value, password and all.
  rule<GitSource>(
    "spec.source.git",
    "self.url.startsWith('https://') || self.url.startsWith('http://')",
    "must be an https:// or http:// URL",
    ({ url }) => /^https?:\/\//.test(url),
    "url",
  ),
  rule<GitSource>(
    "spec.source.git",
    "!self.url.matches('^[a-z]+://[^/?#]*@')",
    "must not carry credentials: put them into a Secret and name it in secretRef",
    ({ url }) => !/^[a-z]+:\/\/[^/?#]*@/.test(url),
    "url",
  ),
  rule<string>(
    "spec.source.path",
    "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
    "must be a path inside the repository: relative, and without ..",
    (path) => !path.startsWith("/") && !path.split("/").includes(".."),
  ),
  rule<Source>(
    "spec.source",
    "[has(self.helm), has(self.kustomize), has(self.directory)].filter(given, given).size() <= 1",
    "name at most one of helm, kustomize, directory",
    ({ helm, kustomize, directory }) =>
      [helm, kustomize, directory].filter((given) => given !== undefined).length <= 1,
  ),
  between("spec.interval", "5s", "24h"),
  between("spec.timeout", "1s", "24h"),
  between("spec.retry.backoff.duration", "100ms", "24h"),
  between("spec.retry.backoff.maxDuration", "100ms", "24h"),
  rule<Backoff>(
    "spec.retry.backoff",
    // The apiserver asks it of the default `{}` too, before the members' own defaults are there.
    "!has(self.duration) || !has(self.maxDuration) || duration(self.duration) <= duration(self.maxDuration)",
    "duration must not be longer than maxDuration",
    ({ duration, maxDuration }) => milliseconds(duration) <= milliseconds(maxDuration),
  ),
  rule<IgnoreDifference>(
    "spec.ignoreDifferences[]",
    ["jsonPointers", "jqPathExpressions", "managedFieldsManagers"]
      .map((list) => `(has(self.${list}) && self.${list}.size() > 0)`)
      .join(" || "),
    "name the fields by jsonPointers, jqPathExpressions or managedFieldsManagers",
    ({ jsonPointers, jqPathExpressions, managedFieldsManagers }) =>
      [jsonPointers, jqPathExpressions, managedFieldsManagers].some(
        (list) => list !== undefined && list.length > 0,
      ),
  ),
  rule<string>(
    "spec.runbook",
    "self.startsWith('https://') || self.startsWith('http://')",
    "must be an https:// or http:// URL",
    (url) => /^https?:\/\//.test(url),
  ),
];

function between(path: string, least: string, most: string): SpecRule {
  return rule<string>(
    path,
    `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
    `must be from ${least} to ${most}`,
    (value) => {
      const time = milliseconds(value);
      return time >= milliseconds(least) && time <= milliseconds(most);
    },
  );
}

function rule<T>(
  path: string,
  cel: string,
  message: string,
  holds: (value: T) => boolean,
  field?: string,
): SpecRule {
  const judge = (value: unknown): boolean => holds(value as T);
  return { path, cel, message, holds: judge, ...(field === undefined ? {} : { field }) };
}
