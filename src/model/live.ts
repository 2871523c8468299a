import type { Health } from "./health.ts";
import type { FieldsV1, ObjectRef, ResourceKind } from "./object.ts";

/**
 * All that we keep of an object in the cluster: who it is, at which version, who claims its
 * fields, how it fares. Never its spec, never a Secret's data.
 */
export interface LiveObject {
  ref: ObjectRef;
  /** The resource that it was watched or read through. */
  resource: ResourceKind;
  uid: string;
  resourceVersion: string;
  generation: number | undefined;
  /** Set while the object is being deleted. */
  deleting: boolean;
  /** The ApplySet that its label claims, if any. */
  partOf: string | undefined;
  /** Hash of the desired object that was last applied, from our annotation. */
  appliedHash: string | undefined;
  /** Has an owner reference with `controller: true`. */
  controlled: boolean;
  /** Other GitOps owners whose marks it carries (Argo CD, Flux, Helm), in words. */
  foreignOwner: string | undefined;
  /** managedFields without those of subresources. */
  claims: readonly Claim[];
  /** Read from the same version of the object as everything here. */
  health: Health;
}

/** One managedFields entry on the main resource. */
export interface Claim {
  manager: string;
  operation: "Apply" | "Update";
  fields: FieldsV1;
  time: string | undefined;
  subresource: string | undefined;
}

/**
 * What is known of all live objects of a kind.
 * `unknown` is an answer: it is never the same as "there are none" (invariant 3).
 */
export type LiveKnowledge = { state: "known" } | { state: "unknown"; why: string };
