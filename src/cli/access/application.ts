/** An Application as the API gives it: its spec may be older or newer than this program. */
import type { ApplicationSpec, ApplicationStatus } from "../../model/application.ts";
import type { KubeObject } from "../../model/object.ts";

type Partially<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

/** As written: without the defaults of what nobody set, which the apiserver has added where it has the CRD. */
export function specOf(object: KubeObject): Partially<ApplicationSpec> {
  return (object.spec ?? {}) as Partially<ApplicationSpec>;
}

export function statusOf(object: KubeObject): ApplicationStatus {
  return (object.status ?? {}) as ApplicationStatus;
}

export function conditionOf(object: KubeObject, type: string) {
  return statusOf(object).conditions?.find((condition) => condition.type === type);
}

/** As people say it: the ref, and the first ten characters of the commit's id. */
export function shortRevision(revision: string | undefined): string {
  return (revision ?? "").replace(
    /^(.*@)?(?:sha(?:1|256):)?([0-9a-f]{10})[0-9a-f]{30,54}$/,
    (_, ref: string | undefined, commit: string) => `${ref ?? ""}${commit}`,
  );
}

/** The commit of a revision as a status writes it: `main@sha1:<id>`. */
export function commitOf(revision: string): string {
  return revision.slice(revision.lastIndexOf(":") + 1);
}
