/** The Problem that a render ends with. */
import { expect } from "vitest";
import { Problem } from "../../../src/model/problem.ts";

export async function problem(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}
