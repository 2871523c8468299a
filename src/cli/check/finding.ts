/** What a check found: one line for people, one entry for programs. */
import { ApiError } from "../../cluster/api-error.ts";
import { failureOf } from "../access/failure.ts";
import { terminalMessage } from "../output/message.ts";

export const results = ["ok", "warning", "failure", "unknown"] as const;
export type Result = (typeof results)[number];

export interface Finding {
  /** What was looked at: `kubernetes`, `crd`, `lease`. The same in every version. */
  check: string;
  /** `unknown`: the caller may not ask, or there was no answer. Never the same as ok. */
  result: Result;
  message: string;
}

export function finding(check: string, result: Result, message: string): Finding {
  return { check, result, message };
}

/** What it would have said, had it been answered. */
export function unanswered(check: string, what: string, error: unknown): Finding {
  return finding(
    check,
    "unknown",
    `${what}: ${terminalMessage(failureOf(error)).replace(/\.$/, "")}`,
  );
}

/** {@link unanswered} of the rights of somebody else, which not everybody may ask for. */
export function notReviewed(check: string, what: string, error: unknown): Finding {
  return error instanceof ApiError && error.status === 403
    ? finding(
        check,
        "unknown",
        `${what}: you may not create subjectaccessreviews.authorization.k8s.io`,
      )
    : unanswered(check, what, error);
}

/** Only what is wrong for certain fails: what could not be asked is said. */
export function isFine(findings: readonly Finding[]): boolean {
  return findings.every(({ result }) => result !== "failure");
}
