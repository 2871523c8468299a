import type { Health } from "./health.ts";
import type { ObjectRef, ResourceKind } from "./object.ts";

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
  /** Set while the object is being deleted. */
  deleting: boolean;
  /** The ApplySet that its label claims, if any. */
  partOf: string | undefined;
  /** Hash of the desired object that was last applied, from our annotation. */
  appliedHash: string | undefined;
  /** Has an owner reference with `controller: true`, or is managed by a built-in controller. */
  controlled: boolean;
  /** Another GitOps owner whose marks it carries (Argo CD, Flux, Helm), in words. */
  foreignOwner: string | undefined;
  /** Annotated `helm.sh/resource-policy: keep`: never deleted, only let go. */
  kept: boolean;
  /** Digest of the Apply entry of the application that `partOf` names; absent when there is none. */
  claim: string | undefined;
  /** Other managers with an Apply entry on the main resource. */
  otherAppliers: readonly string[];
  /** Managers on the disallowed list that hold fields outside metadata and status. */
  additions: readonly string[];
  /** managedFields as JSON, until they were judged against the desired object; then dropped to save memory. */
  managedFields: string | undefined;
  health: Health;
}

/**
 * What is known of all live objects of a kind.
 * `unknown` is an answer: it is never the same as "there are none" (invariant 3).
 */
export type LiveKnowledge =
  | { state: "known" }
  /** `forbidden`: the controller itself may not look; that stays so until somebody grants it. */
  | { state: "unknown"; why: string; forbidden?: boolean };
