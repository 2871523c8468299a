/**
 * What the CRD says of fields beyond the model's schemas: descriptions of the members of status,
 * bounds that keep a status far below what etcd takes (status/ writes shorter texts than these),
 * and how lists are merged when somebody applies an Application.
 */
import { maxValues } from "../../model/render-options.ts";

export interface Supplement {
  description?: string;
  /** Characters of a string. */
  maxLength?: number;
  maxItems?: number;
  /** Members of an object that may hold anything. */
  maxProperties?: number;
  minimum?: number;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: readonly string[];
}

/** Paths lead through properties, and `[]` for the items of a list. */
export const supplements: Readonly<Record<string, Supplement>> = {
  "spec.ignoreDifferences": { "x-kubernetes-list-type": "atomic" },
  "spec.ignoreDifferences[].jsonPointers": { "x-kubernetes-list-type": "set" },
  "spec.ignoreDifferences[].jqPathExpressions": { "x-kubernetes-list-type": "set" },
  "spec.ignoreDifferences[].managedFieldsManagers": { "x-kubernetes-list-type": "set" },

  "spec.source.helm.valueFiles": { "x-kubernetes-list-type": "atomic" },
  "spec.source.helm.values": { maxProperties: maxValues },
  "spec.source.helm.parameters": {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
  },
  "spec.source.helm.apiVersions": { "x-kubernetes-list-type": "set" },

  "status.observedGeneration": { minimum: 0 },
  "status.conditions": {
    maxItems: 16,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
  },
  "status.conditions[].type": {
    description:
      "Ready: applied and healthy at the current revision. Reconciling: work goes on. Stalled: it waits for somebody. Synced: the cluster has what the revision says. Healthy: the objects are. Drifted: somebody changed them.",
  },
  "status.conditions[].status": { description: "True, False, or Unknown." },
  "status.conditions[].reason": {
    description: "One word for programs, e.g. OwnedByOther.",
    maxLength: 128,
  },
  "status.conditions[].message": {
    description: "For people: what it is, which object, what to do.",
    maxLength: 4096,
  },
  "status.conditions[].observedGeneration": {
    description: "The generation of the spec that the condition is about.",
    minimum: 0,
  },
  "status.conditions[].lastTransitionTime": { description: "When `status` changed last." },
  "status.revision": { maxLength: 640 },
  "status.attemptedRevision": { maxLength: 640 },
  "status.commit.id": { description: "Its full id.", maxLength: 64 },
  "status.commit.author": { maxLength: 256 },
  "status.commit.message": { maxLength: 512 },
  "status.rollback.to": { maxLength: 64 },
  "status.rollback.skipped": { maxLength: 64 },
  // An annotation's value: up to 256 kB, all of them together.
  "status.lastHandledRefresh": { maxLength: 262144 },

  "status.objects.total": { description: "All of them.", minimum: 0 },
  "status.objects.synced": { description: "As the revision wants them.", minimum: 0 },
  "status.objects.healthy": { description: "Synced or not, but healthy.", minimum: 0 },
  "status.objects.drifted": { description: "Changed by somebody else.", minimum: 0 },
  "status.objects.failed": { minimum: 0 },
  "status.objects.skipped": { minimum: 0 },

  "status.problems": { "x-kubernetes-list-type": "atomic" },
  ...reference("status.problems[]"),
  "status.problems[].state": {
    description: "What became of it, or its health: Degraded, refused, failed ...",
    maxLength: 64,
  },
  "status.problems[].message": { description: "What is wrong, and what to do." },

  "status.heldPrune.hash": {
    description: "Names exactly this set of objects: the value of the annotation.",
    maxLength: 128,
  },
  "status.heldPrune.reason": { description: "Which guard held it, and why.", maxLength: 1024 },
  "status.heldPrune.count": { description: "How many objects would be deleted.", minimum: 1 },
  "status.heldPrune.objects": {
    description: "The first of them.",
    "x-kubernetes-list-type": "atomic",
  },
  ...reference("status.heldPrune.objects[]"),

  ...reference("status.lastDrift"),
  "status.lastDrift.fields": {
    description: "The first of the fields that differed, e.g. spec.replicas.",
    "x-kubernetes-list-type": "atomic",
  },
  "status.lastDrift.fields[]": { maxLength: 512 },
  "status.lastDrift.manager": {
    description: "The field manager that changed them; empty where managedFields do not tell.",
    maxLength: 256,
  },
  "status.lastDrift.time": { description: "When it was changed, or seen." },
  "status.lastDrift.healed": { description: "Whether it has been undone." },

  "status.history": { "x-kubernetes-list-type": "atomic" },
  "status.history[].revision": { description: "What was deployed.", maxLength: 640 },
  "status.history[].author": { description: "Name of the commit's author.", maxLength: 256 },
  "status.history[].message": {
    description: "First line of the commit's message.",
    maxLength: 512,
  },
  "status.history[].committedAt": { description: "When it was committed." },
  "status.history[].result": {
    description:
      "Deployed: applied. Healthy: and was healthy. Failed: never was. Superseded: a newer one came before it was.",
  },
};

function reference(path: string): Record<string, Supplement> {
  return {
    [`${path}.group`]: { description: "API group; empty for the core group.", maxLength: 253 },
    [`${path}.kind`]: { description: "Kind of the object.", maxLength: 63 },
    [`${path}.namespace`]: {
      description: "Namespace of the object; absent for a cluster-scoped one.",
      maxLength: 63,
    },
    [`${path}.name`]: { description: "Name of the object.", maxLength: 253 },
  };
}
