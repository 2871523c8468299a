import type { ProblemCode } from "../../model/problem.ts";

/** Why a run has no answer, as it crosses from a worker: what a Problem is made of. */
export interface Refusal {
  code: ProblemCode;
  /** For the person who reads the condition. */
  what: string;
  /** For the log. */
  detail?: string;
  /** The run was ended for what it takes: next time it waits behind the others. */
  exhausting?: boolean;
}

/** Ends a run from inside an import: thrown through the module, whose instance is void then. */
export class RunRefused extends Error {
  readonly refusal: Refusal;

  constructor(code: ProblemCode, what: string) {
    super(what);
    this.refusal = { code, what };
  }
}
