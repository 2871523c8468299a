/** Lists for somebody who may not see everything: what is refused is part of the answer. */
import { ApiError } from "../../cluster/api-error.ts";
import { apiProblem } from "../../cluster/api-problem.ts";
import { groupKindKey, type KubeObject, type ResourceKind } from "../../model/object.ts";
import type { Cluster } from "../access/cluster.ts";
import { terminalMessage } from "../output/message.ts";

/** Objects of a kind that may be there and could not be seen. */
export interface Unreadable {
  /** `Deployment.apps` */
  readonly kind: string;
  /** Absent: in the whole cluster. */
  readonly namespace?: string;
  readonly why: string;
}

export interface Listed {
  readonly objects: readonly KubeObject[];
  readonly refused: readonly Unreadable[];
}

/**
 * One list for each namespace, so that rights in one of them are enough there.
 * @throws ApiError when the cluster does not answer, or not to this caller
 */
export async function listedIn(
  { objects }: Cluster,
  resource: ResourceKind,
  namespaces: Iterable<string>,
  options: { labelSelector?: string; metadataOnly: boolean },
): Promise<Listed> {
  const places = resource.namespaced ? [...namespaces] : [undefined];
  const answers = await Promise.all(
    places.map(async (namespace) => {
      try {
        return (await objects.list(resource, { ...options, namespace })).items;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status === 0 || error.status === 401) throw error;
        const kind = groupKindKey(resource);
        const why = whyUnreadable(terminalMessage(apiProblem(error)));
        return namespace === undefined ? { kind, why } : { kind, namespace, why };
      }
    }),
  );
  return {
    objects: answers.flatMap((answer) => (Array.isArray(answer) ? answer : [])),
    refused: answers.flatMap((answer) => (Array.isArray(answer) ? [] : [answer])),
  };
}

/** A part of a sentence. */
export function whyUnreadable(message: string): string {
  return message.replace(/\.\s*$/, "");
}
