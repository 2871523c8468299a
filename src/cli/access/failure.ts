/** What went wrong between the command and the cluster, for who called it. */
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";

/** The error, in words to the caller, whose rights and credentials they are. */
export function failureOf(error: unknown, server?: string): unknown {
  if (!(error instanceof ApiError)) return error;
  const place = server ?? "the cluster";
  if (error.status === 401)
    return new Error(
      `${place} does not accept the credentials of this kubeconfig (401): sign in anew, or choose another --context`,
      { cause: error },
    );
  if (error.status === 0)
    return new Error(
      `${error.message}: is this the cluster you mean? See kubectl config current-context`,
      { cause: error },
    );
  return apiProblem(error);
}
